import { flushPromises, mount } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { changeCaption } from "../src/api";
import SignInAgain from "../src/components/SignInAgain.vue";
import { createQueue } from "../src/queue";
import { ask, nextOf, resetSession, useSession } from "../src/session";
import { ana, answering, caption, eventStream, needed, problem, problemAnswer } from "./records";

const { session, ended, stranger, load, lookAgain, signIn, register, giveUp } = useSession();

/** Somebody is signed in, and the next answers are these. */
async function signedIn(...answers: (() => Response)[]) {
  const fetch = answering(() => Response.json(ana("first")), ...answers);
  await load();
  fetch.mockClear();
  return fetch;
}

const tokenOf = (init: RequestInit | undefined) => new Headers(init?.headers).get("X-CSRF-Token");

beforeEach(resetSession);

describe("a request", () => {
  it("carries the session's token where it changes something, and only there", async () => {
    const fetch = await signedIn(() => Response.json({}), () => Response.json(caption("c1")));
    await ask("/usage");
    await changeCaption("c1", { rating: "good" });
    expect(fetch.mock.calls.map(([, init]) => tokenOf(init))).toEqual([null, "first"]);
    expect(new Headers(fetch.mock.calls[1]![1]!.headers).get("Content-Type")).toBe("application/json");
  });

  it("that finds the session ended waits for the person, and then goes out anew with the new token", async () => {
    const fetch = await signedIn(needed, () => Response.json(ana("second")), () => Response.json(caption("c1", { rating: "good" })));
    const change = changeCaption("c1", { rating: "good" });
    await flushPromises();
    expect(ended.value).toBe(true);
    expect(session.value?.user?.name).toBe("ana");

    await signIn("ana", "secret");
    expect((await change).rating).toBe("good");
    expect(ended.value).toBe(false);
    expect(tokenOf(fetch.mock.calls[2]![1])).toBe("second");
    expect(fetch.mock.calls[2]![1]!.body).toBe(fetch.mock.calls[0]![1]!.body);
  });

  it("fails once the person gives up, and the next one asks again", async () => {
    await signedIn(needed, needed);
    const first = expect(ask("/usage")).rejects.toMatchObject({ problem: { code: "sign_in_needed", status: 401 } });
    await flushPromises();
    giveUp();
    await first;
    expect(ended.value).toBe(false);
    const second = expect(ask("/usage")).rejects.toThrow();
    await flushPromises();
    expect(ended.value).toBe(true);
    giveUp();
    await second;
  });

  it("whose answer comes after others have signed in again does not ask once more", async () => {
    let late: (response: Response) => void = () => undefined;
    await signedIn();
    const slow = new Promise<Response>((resolve) => (late = resolve));
    vi.stubGlobal("fetch", vi.fn().mockReturnValueOnce(slow).mockImplementationOnce(async () => Response.json(ana("second")))
      .mockImplementation(async () => Response.json({ ok: true })));
    const asked = ask("/usage");
    await signIn("ana", "secret");
    late(needed());
    expect(await (await asked).json()).toEqual({ ok: true });
    expect(ended.value).toBe(false);
  });

  it("that is given up while it waits ends", async () => {
    await signedIn(needed);
    const abort = new AbortController();
    const asked = expect(ask("/usage", { signal: abort.signal })).rejects.toMatchObject({ name: "AbortError" });
    await flushPromises();
    abort.abort();
    await asked;
  });

  it("takes the new token where another tab has signed in again", async () => {
    const refused = () => problemAnswer(problem({ status: 403, code: "csrf_failed" }));
    const fetch = await signedIn(refused, () => Response.json(ana("second")), () => Response.json(caption("c1")));
    await changeCaption("c1", { rating: "bad" });
    expect(tokenOf(fetch.mock.calls[2]![1])).toBe("second");
  });

  it("does not go on in the name of another person", async () => {
    const refused = () => problemAnswer(problem({ status: 403, code: "csrf_failed" }));
    const bob = { ...ana("other"), user: { ...ana().user!, id: "u2", name: "bob" } };
    const fetch = await signedIn(refused, () => Response.json(bob));
    const change = expect(changeCaption("c1", { rating: "bad" })).rejects.toThrow();
    await flushPromises();
    expect(fetch).toHaveBeenCalledTimes(2);
    expect([ended.value, stranger.value, session.value?.user?.name]).toEqual([true, "bob", "ana"]);
    giveUp();
    await change;
  });

  it("that is refused for good says so at once", async () => {
    const refused = () => problemAnswer(problem({ status: 403, code: "csrf_failed" }));
    const fetch = await signedIn(refused, () => Response.json(ana("first")));
    await expect(ask("/usage", { method: "DELETE" })).rejects.toMatchObject({ problem: { code: "csrf_failed" } });
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});

describe("the page", () => {
  it("goes on without accounts where the server does not tell of any", async () => {
    answering(() => problemAnswer(problem({ status: 404, code: "not_found" })));
    await load();
    expect(useSession().admitted.value).toBe(true);
    expect(useSession().accounts.value).toBe(false);
  });

  it("keeps a queue of photos through the end of a session", async () => {
    await signedIn(needed, needed, () => Response.json(ana("second")));
    const queue = createQueue();
    queue.add([new File(["x"], "a.jpg"), new File(["y"], "b.jpg"), new File(["z"], "c.jpg")]);
    await flushPromises();
    expect(ended.value).toBe(true);
    await signIn("ana", "secret");
    const ids = ["c1", "c2", "c3"];
    vi.stubGlobal("fetch", vi.fn(async () => eventStream(["caption", caption(ids.shift()!)])));
    await flushPromises();
    await vi.waitFor(() => expect(queue.cards.map(({ phase }) => phase)).toEqual(["done", "done", "done"]));
  });

  it("asks the same person to sign in again, by name", async () => {
    await signedIn(needed, () => problemAnswer(problem({ status: 401, code: "sign_in_failed", detail: "Wrong." })), () => Response.json(ana("second")));
    void ask("/usage").catch(() => undefined);
    await flushPromises();
    const wrapper = mount(SignInAgain);
    const name = wrapper.get<HTMLInputElement>("[data-testid=name]").element;
    expect([name.value, name.readOnly]).toEqual(["ana", true]);
    await wrapper.get("[data-testid=password]").setValue("wrong");
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    expect(wrapper.get("[data-testid=error]").text()).toContain("Wrong.");
    expect(ended.value).toBe(true);
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    expect(ended.value).toBe(false);
    wrapper.unmount();
  });

  it("finds out that the session has ended or goes on in another tab", async () => {
    await signedIn(() => Response.json(ana("", { user: null, csrf_token: null })), () => Response.json(ana("second")));
    await lookAgain();
    expect([ended.value, session.value?.user?.name]).toEqual([true, "ana"]);
    await lookAgain();
    expect([ended.value, session.value?.csrf_token]).toEqual([false, "second"]);
  });

  it("goes by the newer answer where signing in overtakes a look", async () => {
    let late: (response: Response) => void = () => undefined;
    await signedIn();
    const slow = new Promise<Response>((resolve) => (late = resolve));
    vi.stubGlobal("fetch", vi.fn().mockReturnValueOnce(slow).mockImplementation(async () => Response.json(ana("second"))));
    const look = lookAgain();
    await signIn("ana", "secret");
    late(Response.json(ana("", { user: null, csrf_token: null })));
    await look;
    expect([ended.value, session.value?.csrf_token]).toEqual([false, "second"]);
  });

  it("registers and is signed in", async () => {
    const fetch = answering(() => Response.json(ana(), { status: 201 }));
    await register("ana", "secret");
    expect(fetch.mock.calls[0]![0]).toBe("/api/v1/account");
    expect(useSession().user.value?.name).toBe("ana");
  });

  it("goes on to its own views only", () => {
    expect(["/gallery?q=dog", "//evil.example", "/\\evil.example", "https://evil.example", undefined].map(nextOf)).toEqual(
      ["/gallery?q=dog", "/", "/", "/", "/"],
    );
  });
});
