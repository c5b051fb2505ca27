import { isAbort, problemOf, unreachable } from "./problem";
import { ROOT } from "./root";

export const BASE = `${ROOT}/api/v1`;

/** One request. Every failure is thrown as an ApiProblem. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(BASE + path, init).catch((error: unknown) => {
    throw isAbort(error) ? error : unreachable();
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

export function json(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } };
}
