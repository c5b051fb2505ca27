import { ApiProblem, isPassing } from "./problem";

const USUAL_WAIT = 5;
const MOST_TRIES = 30;
/** Seconds; who has used up what a day allows is told so, and not kept waiting until the next. */
const LONGEST_WAIT = 300;

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("Given up", "AbortError"));
    });
  });
}

export interface Waiting {
  problem: ApiProblem;
  seconds: number;
}

/** Do something now or, where the server is too busy for it, as often and as late as the server says. */
export async function patiently<T>(
  attempt: () => Promise<T>,
  onWait: (waiting: Waiting | null) => void,
  signal?: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiProblem) || !isWorthWaiting(error) || tries === MOST_TRIES) throw error;
      await countDown(error, onWait, signal);
    }
  }
}

function isWorthWaiting({ problem, retryAfter }: ApiProblem): boolean {
  return isPassing(problem) && (retryAfter ?? 0) <= LONGEST_WAIT;
}

async function countDown(problem: ApiProblem, onWait: (waiting: Waiting | null) => void, signal?: AbortSignal) {
  for (let seconds = Math.ceil(problem.retryAfter ?? USUAL_WAIT); seconds > 0; seconds--) {
    onWait({ problem, seconds });
    await sleep(1000, signal);
  }
  onWait(null);
}
