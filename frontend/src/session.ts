/** Who is signed in. A request that finds the session ended waits until the same person has signed in again. */

import { computed, ref, shallowRef } from "vue";

import { json, send } from "./http";
import { ApiProblem, ownProblem } from "./problem";
import { ROOT } from "./root";
import type { Session } from "./types";

const SAFE = ["GET", "HEAD"];

const session = shallowRef<Session | null>(null);
const ended = ref(false);
/** Another person's page must not go on with what this one holds. */
const stranger = ref<string | null>(null);
let waiting: { go: () => void; stop: (error: unknown) => void }[] = [];

/** The person on whose behalf this page holds photos and texts; outlives their session. */
let person: Session["user"] = null;

/** Take in who is signed in, unless this page holds what belongs to another person. */
function enter(found: Session): void {
  if (person && found.user?.id !== person.id) {
    stranger.value = found.user?.name ?? null;
    ended.value = true;
    return;
  }
  session.value = found;
  person = found.user;
  stranger.value = null;
  ended.value = false;
  for (const { go } of waiting.splice(0)) go();
}

/** Ask who is signed in. Where the server does not say, the page goes on as if there were no accounts. */
async function load(): Promise<void> {
  const before = session.value;
  try {
    const found = (await (await send("/session")).json()) as Session;
    // Signing in meanwhile says what is newer.
    if (session.value === before) enter(found);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
  }
}

/** Look whether the person has signed out, or in again, in another tab. */
async function lookAgain(): Promise<void> {
  if (person) await load();
}

const enterBy = async (path: string, name: string, password: string) =>
  enter((await (await send(path, signed(json("POST", { name, password })))).json()) as Session);
const signIn = (name: string, password: string) => enterBy("/session", name, password);
const register = (name: string, password: string) => enterBy("/account", name, password);

/** Signing out loads the page anew, so that nothing of one person is left in it for the next. */
async function signOut(): Promise<void> {
  await ask("/session", { method: "DELETE" });
  leave("/sign-in");
}

/** Requests that wait for the person fail; later ones ask again. */
function giveUp(): void {
  ended.value = false;
  const problem = ownProblem("sign_in_needed", "Signed out", "You are signed out. Sign in again to go on.", 401);
  for (const { stop } of waiting.splice(0)) stop(problem);
}

export function leave(path: string): void {
  window.location.assign(ROOT + path);
}

/** Where to go after signing in: to a view of this page only. */
export function nextOf(wanted: unknown): string {
  return typeof wanted === "string" && /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}

/** One request in this person's name. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const token = session.value?.csrf_token;
  try {
    return await send(path, signed(init));
  } catch (error) {
    if (!(error instanceof ApiProblem) || !(await mended(error, token, init.signal))) throw error;
    return ask(path, init);
  }
}

export async function askJson<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await ask(path, init);
  return (await response.json()) as T;
}

function signed(init: RequestInit): RequestInit {
  const token = session.value?.csrf_token;
  if (!token || SAFE.includes(init.method ?? "GET")) return init;
  const headers = new Headers(init.headers);
  headers.set("X-CSRF-Token", token);
  return { ...init, headers };
}

/** Whether what stood in a request's way is out of it now. */
async function mended({ problem }: ApiProblem, token: string | null | undefined, signal?: AbortSignal | null) {
  if (problem.code !== "sign_in_needed" && problem.code !== "csrf_failed") return false;
  // Another request has brought a new session meanwhile.
  if (token !== session.value?.csrf_token) return true;
  if (problem.code === "csrf_failed") {
    // Another tab has signed out and in.
    await load();
    if (!ended.value) return token !== session.value?.csrf_token;
  }
  await again(signal);
  return true;
}

function again(signal?: AbortSignal | null): Promise<void> {
  ended.value = true;
  return new Promise((go, stop) => {
    waiting.push({ go, stop });
    signal?.addEventListener("abort", () => stop(new DOMException("Given up", "AbortError")));
  });
}

const accounts = computed(() => session.value?.accounts ?? false);
const user = computed(() => session.value?.user ?? null);
/** Whether the views may be shown: somebody is signed in, or nobody needs to be. */
const admitted = computed(() => !accounts.value || !!user.value);
/** Who has to sign in again; null where that is not known. */
const expected = () => person?.name ?? null;

export function useSession() {
  return { session, accounts, user, admitted, ended, stranger, expected, load, lookAgain, signIn, register, signOut, giveUp };
}

/** For tests: as on a fresh page. */
export function resetSession(): void {
  session.value = null;
  ended.value = false;
  stranger.value = null;
  person = null;
  waiting = [];
}
