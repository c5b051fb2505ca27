import type { Problem } from "./types";

/** An answer that is no success, or none at all. */
export class ApiProblem extends Error {
  constructor(
    readonly problem: Problem,
    /** Seconds after which the server wants to be asked again. */
    readonly retryAfter: number | null = null,
  ) {
    super(problem.detail);
  }
}

/** A problem that the page itself found. */
export function ownProblem(code: string, title: string, detail: string, status = 0): ApiProblem {
  return new ApiProblem({ type: "about:blank", title, status, detail, code, request_id: "", errors: [] });
}

export function unreachable(): ApiProblem {
  const offline = typeof navigator !== "undefined" && navigator.onLine === false;
  const detail = offline
    ? "You are offline. Once you are connected again, try again."
    : "The server does not answer. It may be starting, or the connection may be down.";
  return ownProblem("unreachable", offline ? "Offline" : "No answer", detail);
}

/** The problem that a response tells of; proxies answer in other forms than ours. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const wait = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  const retryAfter = Number.isFinite(wait) ? Math.max(wait, 1) : null;
  const body: unknown = await response.json().catch(() => null);
  if (isProblem(body)) return new ApiProblem({ ...body, errors: body.errors ?? [] }, retryAfter);
  const detail = `The server answered with ${response.status}${response.statusText && ` (${response.statusText})`}.`;
  const own = ownProblem("internal_error", "Error", detail, response.status);
  return new ApiProblem(own.problem, retryAfter);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  // fetch and its streams fail with a TypeError where the connection does.
  if (error instanceof TypeError) return unreachable();
  return ownProblem("internal_error", "Error", "Something went wrong on this page. Please try again.");
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What is wrong with one field, where the problem says so. */
export function wrongWith(field: string, problem: Problem | null): string {
  if (problem?.code === "weak_password" && /password|new/.test(field)) return problem.detail;
  return problem?.errors.find((error) => error.field.endsWith(field))?.message ?? "";
}

/** Whether the same request may succeed at another time. */
export function mayPass({ status }: Problem): boolean {
  return status === 0 || status === 401 || status === 429 || status >= 500;
}

export function isPassing({ status }: Problem): boolean {
  return status === 429 || status === 503;
}
