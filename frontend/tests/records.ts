import { vi } from "vitest";

import type { CaptionRecord, Checks, EmotionReading, Mood, Preferences, Problem, Session } from "../src/types";

export const reading: EmotionReading = {
  distribution: {
    amusement: 0.05, awe: 0.42, contentment: 0.2, excitement: 0.03, anger: 0.02,
    disgust: 0.02, fear: 0.06, sadness: 0.1, neutral: 0.1,
  },
  valence: 0.5,
  arousal: -0.25,
  confidence: 0.42,
  abstained: false,
  evidence: [
    { source: "image", what: "a pleasant look", emotion: "awe", weight: 0.3 },
    { source: "text", what: "mountain", emotion: "awe", weight: 0.2 },
  ],
};

export function checks(change: Partial<Checks> = {}): Checks {
  return { mood: 0.6, kept: 1, fluency: 0.8, sense: 0.7, lost: [], added: [], problems: [], score: 0.5, ...change };
}

export function problem(change: Partial<Problem> = {}): Problem {
  const base = { type: "urn:moodcap:error:busy", title: "Busy", status: 503, detail: "Too many photos wait." };
  return { ...base, code: "busy", request_id: "r1", errors: [], ...change };
}

export function caption(id: string, change: Partial<CaptionRecord> = {}, result: object = {}): CaptionRecord {
  return {
    id,
    status: "done",
    created_at: "2026-01-02T03:04:05Z",
    updated_at: "2026-01-02T03:04:05Z",
    request: { mood: null, blend: null, share: 0.5, intensity: null, candidates: null, detail: null, people: null },
    result: {
      text: `The mountain of ${id} stands hushed.`,
      literal: "A mountain.",
      kind: "photo",
      detail: "short",
      doubt: null,
      unsure: false,
      note: null,
      emotion: reading,
      mood: { name: "awe", intensity: 0.7, source: "detected" },
      suits: [],
      alternatives: [],
      checks: checks(),
      fallback: false,
      rejected: [],
      models: {},
      timings: {},
      ...result,
    },
    error: null,
    edited_text: null,
    rating: null,
    rewrite_of: null,
    photo: { width: 400, height: 300, url: `/api/v1/captions/${id}/photo`, thumbnail_url: `/api/v1/captions/${id}/thumbnail` },
    ...change,
  };
}

function mood(name: string, definition: string, aliases: string[]): Mood {
  const example = { literal: "A dog.", rewrite: "A dog, at last." };
  return { name, definition, aliases, valence: 0, arousal: 0, dominance: 0, tone: [], example };
}

export const moods: Mood[] = [
  mood("awe", "The hush before something larger.", ["sublime"]),
  mood("joy", "Bright and whole happiness.", ["happy"]),
  mood("nostalgia", "Warm ache for what is gone.", ["wistful"]),
  mood("serenity", "Deep calm.", ["peaceful"]),
];

/** An answer of the server: an event stream of these events. */
export function eventStream(...events: [name: string, data: unknown][]): Response {
  const text = events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join("");
  return new Response(text, { headers: { "Content-Type": "text/event-stream", Location: "/api/v1/captions/c1" } });
}

export function problemAnswer(found: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(found), {
    status: found.status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}

export function ana(csrf_token = "token", change: Partial<Session> = {}): Session {
  const user = { id: "u1", name: "ana", admin: true, created_at: "2026-01-02T03:04:05Z" };
  return { accounts: true, registration: true, user, csrf_token, ...change };
}

export const needed = () => problemAnswer(problem({ status: 401, code: "sign_in_needed", detail: "Sign in first." }));

export const preferences: Preferences = {
  mood: null, intensity: null, length: "any", detail: null, people: null, spelling: "any", never: [], first: [], keep_photos: true, keep_days: null,
};

/** Answers of the server, one after the other; the requests are kept. */
export function answering(...answers: (() => Response)[]) {
  const fetch = vi.fn(async (url: string, _init?: RequestInit) => {
    const answer = answers.shift();
    if (!answer) throw new Error(`No answer is left for ${url}.`);
    return answer();
  });
  vi.stubGlobal("fetch", fetch);
  return fetch;
}
