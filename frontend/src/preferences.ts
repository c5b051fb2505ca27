import { computed, ref, shallowRef, type WritableComputedRef } from "vue";

import { changePreferences, getPreferences } from "./account";
import { asProblem } from "./problem";
import { useServer } from "./server";
import type { Preferences, Problem } from "./types";

/** Asked for as a mood: the one found in the photo, whatever mood is preferred. */
export const AUTOMATIC = "automatic";

const preferences = shallowRef<Preferences | null>(null);
const problem = shallowRef<Problem | null>(null);
const saved = ref(false);
/** The mood chosen on this visit; undefined takes the preferred one. */
const chosen = ref<string | null | undefined>(undefined);
let last: Promise<void> = Promise.resolve();

async function load(): Promise<void> {
  try {
    preferences.value = await getPreferences();
    problem.value = null;
  } catch (error) {
    problem.value = asProblem(error).problem;
  }
}

/** Change some of them here at once, and on the server one change after the other. */
function change(wanted: Partial<Preferences>): Promise<void> {
  saved.value = false;
  problem.value = null;
  if (preferences.value) preferences.value = { ...preferences.value, ...wanted };
  return (last = last.then(() => save(wanted)));
}

async function save(wanted: Partial<Preferences>): Promise<void> {
  try {
    const stored = await changePreferences(wanted);
    // What a change that still waits says is newer than what the server knows.
    for (const name of Object.keys(wanted) as (keyof Preferences)[]) keep(name, stored, wanted);
    saved.value = true;
  } catch (error) {
    const found = asProblem(error).problem;
    await load();
    problem.value = found;
  }
}

/** Take a value as the server wrote it, unless it was changed again meanwhile. */
function keep(name: keyof Preferences, stored: Preferences, wanted: Partial<Preferences>): void {
  const now = preferences.value;
  if (now && now[name] === wanted[name]) preferences.value = { ...now, [name]: stored[name] };
}

/** All moods, those to be offered first before the others. */
const offered = computed(() => {
  const first = preferences.value?.first ?? [];
  const { moods } = useServer();
  const place = (name: string) => (first.includes(name) ? first.indexOf(name) : first.length);
  return [...moods.value].sort((a, b) => place(a.name) - place(b.name));
});

export function usePreferences() {
  return { preferences, problem, saved, offered, load, change };
}

/** The mood for the photos to come; null takes it as found in each photo. */
export function useStartMood(): WritableComputedRef<string | null> {
  return computed({
    get: () => (chosen.value === undefined ? (preferences.value?.mood ?? null) : chosen.value),
    set: (mood) => (chosen.value = mood),
  });
}

/** What to ask for in order to get a mood, or with none the one found in the photo. */
export function moodToAsk(mood: string | null): string | null {
  return mood ?? (preferences.value?.mood ? AUTOMATIC : null);
}

/** For tests: as on a fresh page. */
export function resetPreferences(): void {
  preferences.value = problem.value = null;
  saved.value = false;
  chosen.value = undefined;
}
