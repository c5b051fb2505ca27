import type { EmotionReading, Mood } from "./types";

const SUGGESTIONS = 7;
/** Moods that differ much from each other and suit most photos. */
const VARIED = ["nostalgia", "serenity", "wonder", "melancholy", "playfulness", "tenderness", "mystery", "triumph"];

/** Moods that fit what was typed, the nearest first: by name, by alias, by definition. */
export function searchMoods(moods: readonly Mood[], typed: string): Mood[] {
  const query = typed.trim().toLowerCase();
  if (!query) return [...moods];
  const ranked = moods.map((mood) => ({ mood, rank: rankOf(mood, query) }));
  return ranked
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ mood }) => mood);
}

function rankOf({ name, aliases, definition }: Mood, query: string): number {
  if (name.startsWith(query)) return 5;
  if (name.includes(query)) return 4;
  if (aliases.some((alias) => alias.toLowerCase().startsWith(query))) return 3;
  if (aliases.some((alias) => alias.toLowerCase().includes(query))) return 2;
  return definition.toLowerCase().includes(query) ? 1 : 0;
}

/** The most probable emotion; neutral where the reading abstains. */
export function topEmotion({ distribution, abstained }: EmotionReading): string {
  if (abstained) return "neutral";
  return Object.entries(distribution).reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/**
 * A few moods to try: the chosen one, those to be offered first, what the photo carries, and a varied handful.
 * What `suits` the photo is offered apart from them.
 */
export function suggestMoods(
  moods: readonly Mood[],
  reading: EmotionReading | null,
  chosen: string | null,
  first: readonly string[] = [],
  suits: readonly string[] = [],
): string[] {
  const found = suits.length ? [] : Object.entries(reading?.distribution ?? {})
    .filter(([name]) => name !== "neutral")
    .sort((a, b) => b[1] - a[1])
    .slice(0, 2)
    .map(([name]) => name);
  const known = new Set(moods.map(({ name }) => name));
  const others = [...found, ...VARIED, ...known].filter((name) => !suits.includes(name));
  const wished = [chosen, ...first, ...others].filter((name): name is string => !!name && known.has(name));
  return [...new Set(wished)].slice(0, Math.max(SUGGESTIONS, first.length + 1));
}
