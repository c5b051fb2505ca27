import { ref, shallowRef } from "vue";

import { getInfo, getMoods } from "./api";
import type { Info, Mood } from "./types";

const info = shallowRef<Info | null>(null);
const moods = shallowRef<Mood[]>([]);
const failed = ref(false);

/** Read once what the server offers; where that fails, the next call tries again. */
async function load(): Promise<void> {
  if (info.value && moods.value.length) return;
  try {
    [info.value, moods.value] = await Promise.all([getInfo(), getMoods()]);
    failed.value = false;
  } catch {
    failed.value = true;
  }
}

export function useServer() {
  return { info, moods, failed, load };
}
