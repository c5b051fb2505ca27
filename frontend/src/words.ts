/** Numbers and records in words. */

import { topEmotion } from "./moods";
import { AUTOMATIC } from "./preferences";
import type { CaptionRecord, Checks, EmotionReading, Evidence, Kind } from "./types";

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function fileSize(bytes: number): string {
  const [unit, name] = bytes < 1e6 ? ([1e3, "kB"] as const) : ([1e6, "MB"] as const);
  return `${(bytes / unit).toLocaleString("en", { maximumFractionDigits: unit === 1e3 ? 0 : 1 })} ${name}`;
}

export const INTENSITIES = ["barely", "clearly", "fully"] as const;

export function intensityWord(intensity: number): string {
  return INTENSITIES[Math.min(Math.floor(intensity * 3), 2)]!;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the reading comes to, in one sentence. */
export function readingSentence(reading: EmotionReading): string {
  if (reading.abstained) return "This photo leaves its feeling open, so none is claimed.";
  return `${capital(topEmotion(reading))}, ${sureness(reading.confidence)} (${percent(reading.confidence)}).`;
}

/** What kind of picture it is, where it is no photo; of a blank one its note tells. */
export function kindSentence(kind: Kind): string {
  return kind === "photo" || kind === "blank" ? "" : `This looks like a ${kind}.`;
}

function sureness(confidence: number): string {
  if (confidence >= 0.7) return "quite sure";
  return confidence >= 0.45 ? "fairly sure" : "a cautious guess";
}

export function evidenceWords({ source, what, emotion }: Evidence): { where: string; what: string; emotion: string } {
  return source === "image"
    ? { where: "In the photo:", what, emotion }
    : { where: "In the words:", what: `“${what}”`, emotion };
}

/** What the checks found, in short phrases; `good` ones speak for a text. */
export function checkWords({ lost, added, problems }: Checks): { text: string; good: boolean }[] {
  const rest = problems.filter((problem) => !/^(adds|loses): /.test(problem));
  const kept = lost.length ? { text: `loses: ${lost.join(", ")}`, good: false } : { text: "keeps everything", good: true };
  const fresh = added.length ? [{ text: `adds: ${added.join(", ")}`, good: false }] : [];
  return [kept, ...fresh, ...rest.map((text) => ({ text, good: false }))];
}

export function moodStrength(mood: number): string {
  if (mood < 0.2) return "hardly felt";
  if (mood < 0.5) return "light";
  return mood < 0.75 ? "clear" : "strong";
}

/** The mood that a caption was asked for or found to have. */
export function moodName({ request, result }: CaptionRecord): string {
  if (result?.note) return result.unsure ? "not sure" : "blank";
  const name = result?.mood.name ?? (request.mood === AUTOMATIC ? null : request.mood) ?? "as found";
  return request.blend && !name.includes(request.blend) ? `${request.mood ?? name} + ${request.blend}` : name;
}

export function shortDate(iso: string): string {
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

/** The minute of a moment; its year goes without saying where it is this one. */
export function shortTime(iso: string): string {
  const at = new Date(iso);
  const year = at.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" as const };
  return at.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...year });
}

/** How much an example counts. */
export function weightWords(weight: number): string {
  const size = Math.abs(weight);
  const much = size >= 0.7 ? "counts much" : size >= 0.3 ? "counts some" : "counts little";
  return weight < 0 ? `${much}, against` : much;
}

const AUDIT: Record<string, string> = {
  sign_in: "Signed in",
  sign_in_failed: "Sign-in failed",
  sign_out: "Signed out",
  registered: "Account created",
  password_changed: "Password changed",
  token_created: "Token created",
  token_used: "Token used",
  token_revoked: "Token revoked",
};

export const auditWords = (event: string): string => AUDIT[event] ?? capital(event.replaceAll("_", " "));
