import { onMounted, shallowRef } from "vue";

import { asProblem } from "./problem";
import type { Problem } from "./types";

/** A record that a view shows: read when it is opened, and whenever asked for again. */
export function useLoaded<T>(read: () => Promise<T>) {
  const value = shallowRef<T | null>(null);
  const problem = shallowRef<Problem | null>(null);

  /** Do something; a failure is kept as the problem. */
  async function attempt(act: () => Promise<unknown>): Promise<boolean> {
    problem.value = null;
    try {
      await act();
      return true;
    } catch (error) {
      problem.value = asProblem(error).problem;
      return false;
    }
  }

  const load = () => attempt(async () => (value.value = await read()));
  onMounted(load);
  return { value, problem, load, attempt };
}
