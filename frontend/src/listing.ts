import { onActivated, onBeforeUnmount, onMounted, ref, shallowRef, watch } from "vue";

import { listCaptions, type Search } from "./api";
import { asProblem, isAbort } from "./problem";
import type { CaptionPage, CaptionRecord, Problem } from "./types";

/** The captions that fit a search, page by page. A newer search ends an older one. */
export function useListing(search: () => Pick<Search, "q" | "mood">) {
  const captions = shallowRef<CaptionRecord[]>([]);
  const cursor = ref<string | null>(null);
  const loading = ref(true);
  const problem = shallowRef<Problem | null>(null);
  let abort: AbortController | null = null;

  async function read(from: string | null): Promise<void> {
    abort?.abort();
    const own = (abort = new AbortController());
    loading.value = true;
    problem.value = null;
    try {
      const page = await listCaptions({ ...search(), cursor: from }, own.signal);
      captions.value = from ? [...captions.value, ...page.captions] : page.captions;
      cursor.value = page.next_cursor;
    } catch (error) {
      if (isAbort(error) || own.signal.aborted) return;
      problem.value = asProblem(error).problem;
    }
    loading.value = false;
  }

  /** Read again what is shown, which stays meanwhile: captions may have come, changed and gone. */
  async function refresh(): Promise<void> {
    if (loading.value || problem.value) return;
    const own = (abort = new AbortController());
    const depth = captions.value.length;
    try {
      const found: CaptionRecord[] = [];
      let next: string | null = null;
      do {
        const page: CaptionPage = await listCaptions({ ...search(), cursor: next }, own.signal);
        found.push(...page.captions);
        next = page.next_cursor;
      } while (next && found.length < depth);
      if (own.signal.aborted) return;
      captions.value = found;
      cursor.value = next;
    } catch {
      // What was shown is still there, and the next search tells of what is wrong.
    }
  }

  const reload = () => read(null);
  const more = () => read(cursor.value);
  /** Go on where the last attempt failed. */
  const retry = () => read(captions.value.length ? cursor.value : null);
  const online = () => void (problem.value && retry());

  watch(search, () => {
    captions.value = [];
    void reload();
  });
  onActivated(() => void refresh());
  onMounted(() => {
    void reload();
    window.addEventListener("online", online);
  });
  onBeforeUnmount(() => {
    abort?.abort();
    window.removeEventListener("online", online);
  });
  return { captions, cursor, loading, problem, more, retry };
}
