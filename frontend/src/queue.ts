import { shallowReactive } from "vue";

import { newCard, release, upload, type Card, type Choice } from "./card";
import { useServer } from "./server";
import { fileSize } from "./words";

const AT_ONCE = 2;

/** The photos of this visit. Two are sent at a time; one that waits for a busy server keeps its place. */
export function createQueue() {
  const cards = shallowReactive<Card[]>([]);
  let running = 0;

  function add(files: Iterable<File>, choice: Partial<Choice> = {}): Card[] {
    const fresh = [...files].map((file) => cardFor(file, choice));
    cards.unshift(...fresh);
    advance();
    return fresh;
  }

  function advance(): void {
    // Photos are taken in the order in which they came.
    const waiting = cards.filter((card) => card.phase === "waiting" && !card.abort).sort((a, b) => a.key - b.key);
    for (const card of waiting.slice(0, AT_ONCE - running)) void serve(card);
  }

  async function serve(card: Card): Promise<void> {
    running++;
    await upload(card);
    running--;
    advance();
  }

  function retry(card: Card): void {
    Object.assign(card, { phase: "waiting", problem: null, abort: null });
    advance();
  }

  function drop(card: Card): void {
    const place = cards.findIndex((one) => one.key === card.key);
    if (place >= 0) cards.splice(place, 1);
    release(card);
  }

  return { cards, add, retry, drop };
}

function cardFor(file: File, choice: Partial<Choice>): Card {
  const card = newCard(file.name || "Photo", choice);
  card.file = file;
  card.preview = URL.createObjectURL(file);
  const most = useServer().info.value?.limits.max_bytes ?? Infinity;
  if (file.size > most) {
    const detail = `This photo has ${fileSize(file.size)}; the server takes up to ${fileSize(most)}.`;
    const problem = { type: "about:blank", title: "Too large", status: 413, detail };
    Object.assign(card, { phase: "failed", problem: { ...problem, code: "photo_too_large", request_id: "", errors: [] } });
  }
  return card;
}

export type Queue = ReturnType<typeof createQueue>;

let shared: Queue | null = null;

/** The page's one queue: it goes on while other views are looked at. */
export function useQueue(): Queue {
  return (shared ??= createQueue());
}
