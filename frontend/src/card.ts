/** One photo on the page, from its upload through every caption that is written for it. */

import { reactive } from "vue";

import * as api from "./api";
import { patiently, sleep, type Waiting } from "./patience";
import { AUTOMATIC, moodToAsk } from "./preferences";
import { ApiProblem, asProblem, isAbort } from "./problem";
import type { Asked, CaptionEvent, CaptionRecord, EmotionReading, Kind, PhotoRecord, Problem, Rating } from "./types";

export type Phase = "waiting" | "uploading" | "looking" | "feeling" | "writing" | "done" | "failed";
export type Choice = Omit<Asked, "candidates" | "detail" | "people">;

export interface Card {
  readonly key: number;
  name: string;
  file: File | null;
  /** The address of the photo on this machine, shown until the page is left. */
  preview: string | null;
  photo: PhotoRecord | null;
  phase: Phase;
  waiting: Waiting | null;
  literal: string;
  kind: Kind;
  /** What to say where the literal caption is doubted or the picture blank. */
  note: string | null;
  emotion: EmotionReading | null;
  /** The words of a caption that is being written. */
  draft: string;
  /** A caption on the server that failed, and so is no version. */
  stored: string | null;
  versions: CaptionRecord[];
  /** The place in `versions` of the one that is shown. */
  shown: number;
  choice: Choice;
  /** An edit that is not saved yet, and the caption it is of. */
  edit: { id: string; text: string } | null;
  problem: Problem | null;
  abort: AbortController | null;
}

/** Words that arrive at once are still shown one after the other. */
const PACE = 35;
let keys = 0;

export function newCard(name: string, choice: Partial<Choice> = {}): Card {
  return reactive<Card>({
    key: ++keys,
    name,
    file: null,
    preview: null,
    photo: null,
    phase: "waiting",
    waiting: null,
    literal: "",
    kind: "photo",
    note: null,
    emotion: null,
    draft: "",
    stored: null,
    versions: [],
    shown: 0,
    choice: { mood: null, blend: null, share: 0.5, intensity: null, ...choice },
    edit: null,
    problem: null,
    abort: null,
  });
}

export function cardOf(record: CaptionRecord): Card {
  const card = newCard("");
  card.photo = record.photo;
  if (record.status === "failed") {
    Object.assign(card, { phase: "failed", problem: record.error, stored: record.id, choice: choiceOf(record) });
  }
  if (record.result) settle(card, record);
  return card;
}

export function versionOf(card: Card): CaptionRecord | null {
  return card.versions[card.shown] ?? null;
}

/** The caption as it stands: in the reader's own words where there are any. */
export function textOf(record: CaptionRecord): string {
  return record.edited_text ?? record.result?.text ?? "";
}

export function isBusy(card: Card): boolean {
  return !["done", "failed"].includes(card.phase);
}

export function showVersion(card: Card, place: number): void {
  card.shown = place;
  const version = versionOf(card);
  if (version) card.choice = choiceOf(version);
}

function choiceOf({ request, result }: CaptionRecord): Choice {
  const asked = result ? result.mood.source === "asked" : !!request.mood && request.mood !== AUTOMATIC;
  const mood = asked ? (result?.mood.name ?? request.mood) : null;
  const intensity = result?.mood.intensity ?? request.intensity;
  return { mood: request.blend ? request.mood : mood, blend: request.blend, share: request.share, intensity };
}

function settle(card: Card, record: CaptionRecord): void {
  if (record.status === "failed" && record.error) throw new ApiProblem(record.error);
  card.versions.push(record);
  card.photo = record.photo;
  if (record.result) {
    const { literal, emotion, kind, note } = record.result;
    Object.assign(card, { literal, emotion, kind, note });
  }
  card.draft = "";
  card.phase = "done";
  // An open edit stays in view; the new caption waits among the versions.
  if (!card.edit) showVersion(card, card.versions.length - 1);
}

async function receive(card: Card, { event, data }: CaptionEvent, signal: AbortSignal): Promise<void> {
  const first = card.versions.length === 0;
  if (event === "literal") {
    Object.assign(card, { literal: data.text, kind: data.kind ?? "photo", note: data.note ?? null });
    if (first) card.phase = "feeling";
  } else if (event === "emotion") {
    card.emotion = data;
    if (first) card.phase = "writing";
  } else if (event === "token") {
    card.draft += data.text;
    await sleep(PACE, signal);
  } else if (event === "caption") {
    settle(card, data);
  } else {
    throw new ApiProblem(data);
  }
}

/** Run what brings events until the caption is there; a newer run on the same card ends an older one. */
async function run(card: Card, start: (signal: AbortSignal) => Promise<AsyncGenerator<CaptionEvent>>, phase: Phase) {
  card.abort?.abort();
  const abort = new AbortController();
  Object.assign(card, { abort, problem: null, waiting: null, draft: "", phase });
  try {
    const events = await patiently(
      () => start(abort.signal),
      (waiting) => Object.assign(card, { waiting, phase: waiting ? "waiting" : phase }),
      abort.signal,
    );
    if (phase === "uploading") card.phase = "looking";
    for await (const event of events) await receive(card, event, abort.signal);
  } catch (error) {
    if (isAbort(error) || abort.signal.aborted) return;
    Object.assign(card, { problem: asProblem(error).problem, draft: "", waiting: null });
    card.phase = card.versions.length ? "done" : "failed";
  }
}

/** Send the card's photo and follow its caption. A photo that only the server has is fetched from there. */
export function upload(card: Card): Promise<void> {
  const start = async (signal: AbortSignal) => {
    card.file ??= await api.fetchPhoto(card.photo!.url, "photo.jpg");
    return api.sendPhoto(card.file, { ...card.choice, mood: moodToAsk(card.choice.mood) }, signal);
  };
  return run(card, start, "uploading");
}

export function follow(card: Card, id: string): Promise<void> {
  return run(card, (signal) => api.followCaption(id, signal), "looking");
}

/** Have the caption written anew as the card's choice says. */
export function rewrite(card: Card): Promise<void> {
  const version = versionOf(card);
  if (!version) return Promise.resolve();
  return run(card, (signal) => api.rewriteCaption(version.id, wantedOf(card, version), signal), "writing");
}

function wantedOf({ choice }: Card, { result }: CaptionRecord): api.Wanted {
  const mood = choice.mood ?? (choice.blend ? (result?.mood.name ?? null) : null);
  const wanted: api.Wanted = { mood: moodToAsk(mood) };
  if (choice.blend) Object.assign(wanted, { blend: choice.blend, share: choice.share });
  if (choice.intensity !== null) wanted.intensity = choice.intensity;
  return wanted;
}

/** Change a caption on the server, then here. */
async function change(card: Card, id: string, wanted: api.Change): Promise<boolean> {
  card.problem = null;
  try {
    const record = await api.changeCaption(id, wanted);
    const version = card.versions.find((one) => one.id === id);
    if (version) Object.assign(version, { edited_text: record.edited_text, rating: record.rating });
    return true;
  } catch (error) {
    card.problem = asProblem(error).problem;
    return false;
  }
}

export const saveText = (card: Card, id: string, text: string | null) => change(card, id, { edited_text: text });

export function rate(card: Card, record: CaptionRecord, rating: Rating): Promise<boolean> {
  return change(card, record.id, { rating: record.rating === rating ? null : rating });
}

/** Delete every caption of this card, and with the last one the photo. */
export async function remove(card: Card): Promise<boolean> {
  card.abort?.abort();
  try {
    const ids = [...card.versions.map(({ id }) => id).reverse(), card.stored];
    for (const id of ids) if (id) await api.deleteCaption(id);
    return true;
  } catch (error) {
    Object.assign(card, { problem: asProblem(error).problem, draft: "", phase: card.versions.length ? "done" : "failed" });
    return false;
  }
}

/** Let go of what the card holds on to. */
export function release(card: Card): void {
  card.abort?.abort();
  if (card.preview) URL.revokeObjectURL(card.preview);
}
