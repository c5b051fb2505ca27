import { beforeEach, describe, expect, it, vi } from "vitest";

import { mayPass } from "../src/problem";
import { createQueue } from "../src/queue";
import { useServer } from "../src/server";
import { caption, eventStream, problem, problemAnswer, reading } from "./records";

const photo = (name: string) => new File(["x"], name, { type: "image/jpeg" });
const flush = () => vi.advanceTimersByTimeAsync(300);
const events = (id: string) =>
  eventStream(["literal", { text: "A mountain." }], ["emotion", reading], ["token", { text: "The" }], ["caption", caption(id)]);

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe("the queue", () => {
  it("has two photos under way at most, and takes the rest in order", async () => {
    const answers: ((response: Response) => void)[] = [];
    const fetch = vi.fn(() => new Promise<Response>((resolve) => answers.push(resolve)));
    vi.stubGlobal("fetch", fetch);
    const queue = createQueue();
    queue.add([photo("a"), photo("b"), photo("c")]);
    await flush();
    expect(queue.cards.map(({ phase }) => phase)).toEqual(["uploading", "uploading", "waiting"]);

    answers[0]!(events("c1"));
    await flush();
    expect(queue.cards.map(({ phase }) => phase)).toEqual(["done", "uploading", "uploading"]);
    expect(fetch).toHaveBeenCalledTimes(3);
    expect(queue.cards[0]!.versions[0]!.id).toBe("c1");
  });

  it("waits as long as a busy server says, says so, and tries again by itself", async () => {
    const busy = problemAnswer(problem(), { "Retry-After": "3" });
    const fetch = vi.fn().mockResolvedValueOnce(busy).mockImplementation(async () => events("c1"));
    vi.stubGlobal("fetch", fetch);
    const [card] = createQueue().add([photo("a")]);
    await flush();
    expect(card!.phase).toBe("waiting");
    expect(card!.waiting).toMatchObject({ seconds: 3, problem: { problem: { code: "busy" } } });

    await vi.advanceTimersByTimeAsync(2500);
    expect(fetch).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(card!.phase).toBe("done");
    expect(card!.waiting).toBeNull();
  });

  it("does not wait for another day", async () => {
    const used = problemAnswer(problem({ status: 429, code: "quota_used", detail: "That was all for today." }), { "Retry-After": "40000" });
    vi.stubGlobal("fetch", vi.fn(async () => used));
    const [card] = createQueue().add([photo("a")]);
    await flush();
    expect(card).toMatchObject({ phase: "failed", waiting: null, problem: { detail: "That was all for today." } });
  });

  it("lets a photo be tried again whose caption was given up as its stream ended", async () => {
    const gone = problemAnswer(problem({ status: 404, code: "not_found", detail: "There is no such caption." }));
    const fetch = vi.fn().mockImplementationOnce(async () => eventStream(["literal", { text: "A mountain." }]));
    vi.stubGlobal("fetch", fetch.mockResolvedValueOnce(gone).mockImplementation(async () => events("c2")));
    const queue = createQueue();
    const [card] = queue.add([photo("a")]);
    await flush();
    expect(card).toMatchObject({ phase: "failed", problem: { code: "cut_off" } });
    expect(mayPass(card!.problem!)).toBe(true);
    queue.retry(card!);
    await flush();
    expect(card!.phase).toBe("done");
  });

  it("keeps an error with its photo and goes on with the next; the photo can be tried again", async () => {
    const broken = problem({ status: 504, code: "deadline_exceeded", detail: "It took too long." });
    const fetch = vi.fn().mockImplementationOnce(async () => eventStream(["error", broken]));
    fetch.mockImplementation(async () => events("c2"));
    vi.stubGlobal("fetch", fetch);
    const queue = createQueue();
    const [first, , third] = queue.add([photo("a"), photo("b"), photo("c")]);
    await flush();
    expect(first).toMatchObject({ phase: "failed", problem: { code: "deadline_exceeded" } });
    expect(third!.phase).toBe("done");

    queue.retry(first!);
    await flush();
    expect(first).toMatchObject({ phase: "done", problem: null });
  });

  it("says that the server does not answer", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("fetch failed")));
    const [card] = createQueue().add([photo("a")]);
    await flush();
    expect(card).toMatchObject({ phase: "failed", problem: { code: "unreachable" } });
  });

  it("asks for the record where the stream breaks off", async () => {
    const fetch = vi.fn().mockImplementationOnce(async () => eventStream(["literal", { text: "A mountain." }]));
    fetch.mockImplementationOnce(async () => Response.json(caption("c1")));
    vi.stubGlobal("fetch", fetch);
    const [card] = createQueue().add([photo("a")]);
    await flush();
    expect(card!.phase).toBe("done");
    expect(fetch.mock.calls[1]![0]).toBe("/api/v1/captions/c1");
  });

  it("does not send a photo that is larger than the server takes", async () => {
    const fetch = vi.fn();
    vi.stubGlobal("fetch", fetch);
    const { info } = useServer();
    const limits = { max_bytes: 3, formats: ["JPEG"] };
    info.value = { version: "1", models: {}, defaults: { intensity: 0.7, candidates: 8, detail: "short", people: "as_seen" }, limits, emotions: [] };
    const [card] = createQueue().add([new File(["12345"], "big.jpg")]);
    await flush();
    info.value = null;
    expect(card).toMatchObject({ phase: "failed", problem: { code: "photo_too_large" } });
    expect(fetch).not.toHaveBeenCalled();
  });

  it("sends the chosen mood with the photo", async () => {
    const fetch = vi.fn(async (_url: string, _init: RequestInit) => events("c1"));
    vi.stubGlobal("fetch", fetch);
    createQueue().add([photo("a.jpg")], { mood: "joy" });
    await flush();
    const form = fetch.mock.calls[0]![1].body as FormData;
    expect(form.get("mood")).toBe("joy");
    expect((form.get("photo") as File).name).toBe("a.jpg");
    expect(form.has("intensity")).toBe(false);
  });
});
