/** The records of the API, as the server sends them. */

export type Rating = "good" | "bad";

export interface Evidence {
  source: "image" | "text";
  what: string;
  emotion: string;
  weight: number;
}

export interface EmotionReading {
  distribution: Record<string, number>;
  valence: number;
  arousal: number;
  confidence: number;
  abstained: boolean;
  evidence: Evidence[];
}

export interface Checks {
  mood: number;
  kept: number;
  fluency: number;
  sense: number;
  lost: string[];
  added: string[];
  problems: string[];
  score: number;
}

export interface Candidate {
  text: string;
  checks: Checks;
}

export type Kind = "photo" | "drawing" | "screenshot" | "document" | "chart" | "poster" | "blank";
export type Detail = "short" | "long";
/** How people are spoken of: as men and girls, or as persons and children. */
export type People = "as_seen" | "neutral";

export interface MoodCaption {
  text: string;
  literal: string;
  kind: Kind;
  detail: Detail;
  doubt: number | null;
  unsure: boolean;
  /** What to say where the literal caption is doubted or the picture blank; no mood is put on top then. */
  note: string | null;
  emotion: EmotionReading;
  mood: { name: string; intensity: number; source: "asked" | "detected" };
  /** The moods that fit the photo best, best first. */
  suits: { name: string; fit: number }[];
  alternatives: Candidate[];
  checks: Checks | null;
  fallback: boolean;
  rejected: Candidate[];
  models: Record<string, string>;
  timings: Record<string, number>;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors: { field: string; message: string }[];
}

/** What is asked of a caption; null leaves it to the photo or to the server's settings. */
export interface Asked {
  mood: string | null;
  blend: string | null;
  share: number;
  intensity: number | null;
  candidates: number | null;
  detail: Detail | null;
  people: People | null;
}

export interface PhotoRecord {
  width: number;
  height: number;
  url: string;
  thumbnail_url: string;
  /** False where it is discarded once its caption is done; its addresses lead nowhere then. */
  kept?: boolean;
}

export interface CaptionRecord {
  id: string;
  status: "queued" | "running" | "done" | "failed";
  created_at: string;
  updated_at: string;
  request: Asked;
  result: MoodCaption | null;
  error: Problem | null;
  edited_text: string | null;
  rating: Rating | null;
  rewrite_of: string | null;
  photo: PhotoRecord;
}

export interface CaptionPage {
  captions: CaptionRecord[];
  next_cursor: string | null;
}

export interface Mood {
  name: string;
  definition: string;
  valence: number;
  arousal: number;
  dominance: number;
  tone: string[];
  aliases: string[];
  example: { literal: string; rewrite: string };
}

export interface Info {
  version: string;
  models: Record<string, string>;
  defaults: { intensity: number; candidates: number; detail: Detail; people: People };
  limits: { max_bytes: number; formats: string[] };
  emotions: string[];
}

export type CaptionEvent =
  | { event: "literal"; data: { text: string; kind?: Kind; unsure?: boolean; note?: string | null } }
  | { event: "emotion"; data: EmotionReading }
  | { event: "token"; data: { text: string } }
  | { event: "caption"; data: CaptionRecord }
  | { event: "error"; data: Problem };

export interface User {
  id: string;
  name: string;
  admin: boolean;
  created_at: string;
}

export interface Session {
  /** Whether people sign in here at all. */
  accounts: boolean;
  registration: boolean;
  user: User | null;
  csrf_token: string | null;
}

export interface Preferences {
  mood: string | null;
  intensity: number | null;
  length: "short" | "any" | "long";
  detail: Detail | null;
  people: People | null;
  spelling: "US" | "UK" | "any";
  never: string[];
  first: string[];
  keep_photos: boolean;
  keep_days: number | null;
}

export interface Example {
  id: string;
  caption_id?: string;
  literal: string;
  mood: string;
  text: string;
  before?: string | null;
  source: "edit" | "rating";
  weight: number;
  created_at: string;
}

export interface Learnt {
  habits?: string[];
  examples: Example[];
}

export interface Token {
  id: string;
  name: string;
  scope: "read" | "write";
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

/** A token's secret is in this answer and in no other. */
export type NewToken = Token & { token: string };

export interface AuditEvent {
  at: string;
  event: string;
  address: string | null;
  detail: string | null;
}

export interface Usage {
  captions_today: number;
  captions_per_day: number | null;
  photo_bytes: number;
  photo_bytes_limit: number | null;
}
