/** The client of the REST API: captions. Every failure is thrown as an ApiProblem. */

import { BASE, json } from "./http";
import { ApiProblem, ownProblem, unreachable } from "./problem";
import { ask, askJson } from "./session";
import { readEvents } from "./sse";
import type { Asked, CaptionEvent, CaptionPage, CaptionRecord, Info, Mood, Rating } from "./types";

const STREAM = { Accept: "text/event-stream" };

export type Wanted = Partial<Asked>;
export interface Change {
  edited_text?: string | null;
  rating?: Rating | null;
}
export interface Search {
  cursor?: string | null;
  q?: string;
  mood?: string;
}

function captionPath(id: string): string {
  return `/captions/${encodeURIComponent(id)}`;
}

export const getInfo = (): Promise<Info> => askJson("/info");

export async function getMoods(): Promise<Mood[]> {
  return (await askJson<{ moods: Mood[] }>("/moods")).moods;
}

export const getCaption = (id: string): Promise<CaptionRecord> => askJson(captionPath(id));

export function listCaptions({ cursor, q, mood }: Search, signal?: AbortSignal): Promise<CaptionPage> {
  const query = new URLSearchParams({ limit: "24", latest: "true" });
  if (cursor) query.set("cursor", cursor);
  if (q) query.set("q", q);
  if (mood) query.set("mood", mood);
  return askJson(`/captions?${query}`, { signal: signal ?? null });
}

export function changeCaption(id: string, change: Change): Promise<CaptionRecord> {
  return askJson(captionPath(id), json("PATCH", change));
}

/** A caption that is gone already counts as deleted. */
export async function deleteCaption(id: string): Promise<void> {
  await ask(captionPath(id), { method: "DELETE" }).catch((error: unknown) => {
    if (!(error instanceof ApiProblem && error.problem.status === 404)) throw error;
  });
}

export async function fetchPhoto(url: string, name: string): Promise<File> {
  const response = await ask(url.replace(BASE, ""));
  return new File([await response.blob()], name, { type: "image/jpeg" });
}

type Events = AsyncGenerator<CaptionEvent>;

/** Send a photo. Resolves once the server has it; the events tell how its caption comes about. */
export async function sendPhoto(photo: File, wanted: Wanted, signal?: AbortSignal): Promise<Events> {
  const form = new FormData();
  form.append("photo", photo, photo.name);
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== null && value !== undefined) form.append(name, String(value));
  }
  return eventsOf(await ask("/captions", { method: "POST", body: form, headers: STREAM, signal: signal ?? null }));
}

/** Have a caption written anew in another mood, from what is known of its photo. */
export async function rewriteCaption(id: string, wanted: Wanted, signal?: AbortSignal): Promise<Events> {
  const init = { ...json("POST", wanted, STREAM), signal: signal ?? null };
  return eventsOf(await ask(`${captionPath(id)}/rewrites`, init));
}

/** The events of a caption that is being written, from its start. */
export async function followCaption(id: string, signal?: AbortSignal): Promise<Events> {
  return eventsOf(await ask(`${captionPath(id)}/events`, { headers: STREAM, signal: signal ?? null }));
}

async function* eventsOf(response: Response): Events {
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    yield { event: "caption", data: (await response.json()) as CaptionRecord };
    return;
  }
  const id = response.headers.get("Location")?.split("/").pop();
  if (yield* toTheEnd(response)) return;
  // The line broke while the server went on writing: its record tells what came of it.
  if (!id) throw unreachable();
  const data = await getCaption(id).catch((error: unknown) => {
    // Nobody listened, so the server gave it up.
    throw error instanceof ApiProblem && error.problem.status === 404 ? givenUp() : error;
  });
  if (data.status !== "done" && data.status !== "failed") throw cutOff();
  yield { event: "caption", data };
}

async function* toTheEnd(response: Response): AsyncGenerator<CaptionEvent, boolean> {
  let ended = false;
  try {
    for await (const { event, data } of readEvents(response.body!)) {
      const known = { event, data: JSON.parse(data) } as CaptionEvent;
      ended = event === "caption" || event === "error";
      yield known;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  return ended;
}

function givenUp(): ApiProblem {
  return ownProblem("cut_off", "Cut off", "The connection broke off before the caption was written. Please try again.");
}

function cutOff(): ApiProblem {
  return ownProblem("cut_off", "Cut off", "The connection broke off. The caption is still being written; see the gallery.");
}
