import { cardOf, type Card } from "./card";
import { getCaption } from "./api";
import { ApiProblem } from "./problem";
import { useQueue } from "./queue";
import type { CaptionRecord } from "./types";

const MOST_EARLIER = 12;
const opened: Card[] = [];

const holds = (card: Card, id: string) => card.versions.some((version) => version.id === id);

/** The card that shows a caption on this page already, with its edits and what is being written. */
export function openCard(id: string): Card | null {
  return [...useQueue().cards, ...opened].find((card) => holds(card, id)) ?? null;
}

/** A card for a caption of the gallery, with the versions that came before it. */
export async function loadCard(id: string): Promise<{ card: Card; record: CaptionRecord }> {
  const record = await getCaption(id);
  const card = cardOf(record);
  if (card.versions.length) {
    card.versions.unshift(...(await earlier(record)));
    card.shown = card.versions.length - 1;
    opened.push(card);
  }
  return { card, record };
}

/** Earlier versions, the first first. One that was deleted ends the way back. */
async function earlier({ rewrite_of }: CaptionRecord): Promise<CaptionRecord[]> {
  const found: CaptionRecord[] = [];
  for (let id = rewrite_of; id && found.length < MOST_EARLIER; ) {
    const record: CaptionRecord | null = await getCaption(id).catch((error: unknown) => {
      if (error instanceof ApiProblem) return null;
      throw error;
    });
    if (!record?.result) break;
    found.unshift(record);
    id = record.rewrite_of;
  }
  return found;
}

export function forget(card: Card): void {
  const place = opened.indexOf(card);
  if (place >= 0) opened.splice(place, 1);
}
