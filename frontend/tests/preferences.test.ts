import { flushPromises } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { cardOf, rewrite } from "../src/card";
import { suggestMoods } from "../src/moods";
import { resetPreferences, usePreferences, useStartMood } from "../src/preferences";
import { createQueue } from "../src/queue";
import { useServer } from "../src/server";
import { answering, caption, eventStream, moods, preferences, problem, problemAnswer, reading } from "./records";

const { preferences: known, problem: failed, saved, offered, load, change } = usePreferences();
const photo = () => new File(["x"], "a.jpg");

async function preferring(wanted: Partial<typeof preferences>) {
  answering(() => Response.json({ ...preferences, ...wanted }));
  await load();
}

function bodyOf([, init]: [string, RequestInit?]): Record<string, unknown> {
  return JSON.parse(String(init!.body)) as Record<string, unknown>;
}

beforeEach(() => {
  resetPreferences();
  useServer().moods.value = moods;
});

describe("preferences", () => {
  it("begin with the preferred mood, until another is chosen", async () => {
    const mood = useStartMood();
    expect(mood.value).toBeNull();
    await preferring({ mood: "joy" });
    expect(mood.value).toBe("joy");
    mood.value = null;
    expect(mood.value).toBeNull();
  });

  it("ask for the mood of the photo by its name, where a mood is preferred", async () => {
    await preferring({ mood: "joy" });
    const fetch = answering(() => eventStream(["caption", caption("c1")]));
    createQueue().add([photo()], { mood: null });
    await flushPromises();
    expect((fetch.mock.calls[0]![1]!.body as FormData).get("mood")).toBe("automatic");
  });

  it("leave the mood out, where none is preferred", async () => {
    await preferring({});
    const fetch = answering(() => eventStream(["caption", caption("c1")]));
    createQueue().add([photo()], { mood: null });
    await flushPromises();
    expect((fetch.mock.calls[0]![1]!.body as FormData).has("mood")).toBe(false);
  });

  it("keep the mood of a caption that was written as preferred, when it is written anew", async () => {
    await preferring({ mood: "joy" });
    const fetch = answering(() => eventStream(["caption", caption("c2")]));
    const card = cardOf(caption("c1", {}, { mood: { name: "joy", intensity: 0.7, source: "asked" } }));
    card.choice.intensity = 0.2;
    await rewrite(card);
    expect(bodyOf(fetch.mock.calls[0]!)).toEqual({ mood: "joy", intensity: 0.2 });
  });

  it("offer some moods first", async () => {
    await preferring({ first: ["serenity", "nostalgia"] });
    expect(offered.value.map(({ name }) => name)).toEqual(["serenity", "nostalgia", "awe", "joy"]);
    expect(suggestMoods(moods, reading, "joy", known.value!.first)).toEqual(["joy", "serenity", "nostalgia", "awe"]);
  });

  it("are changed here at once, and on the server one after the other", async () => {
    await preferring({});
    const answers: ((response: Response) => void)[] = [];
    const fetch = vi.fn((_url: string, _init?: RequestInit) => new Promise<Response>((resolve) => answers.push(resolve)));
    vi.stubGlobal("fetch", fetch);
    void change({ length: "short" });
    const last = change({ length: "long" });
    await flushPromises();
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(known.value!.length).toBe("long");

    answers[0]!(Response.json({ ...preferences, length: "short" }));
    await flushPromises();
    expect(known.value!.length).toBe("long");
    answers[1]!(Response.json({ ...preferences, length: "long" }));
    await last;
    expect(fetch.mock.calls.map(bodyOf)).toEqual([{ length: "short" }, { length: "long" }]);
    expect([known.value!.length, saved.value]).toEqual(["long", true]);
  });

  it("are shown as the server writes them", async () => {
    await preferring({});
    answering(() => Response.json({ ...preferences, never: ["don't"] }));
    await change({ never: ["don’t"] });
    expect(known.value!.never).toEqual(["don't"]);
  });

  it("are as they were, where the server does not take a change", async () => {
    await preferring({ keep_days: 9 });
    const refused = () => problemAnswer(problem({ status: 422, detail: "keep_days: too many." }));
    answering(refused, () => Response.json({ ...preferences, keep_days: 9 }));
    await change({ keep_days: 99_999 });
    expect([known.value!.keep_days, failed.value?.detail, saved.value]).toEqual([9, "keep_days: too many.", false]);
  });
});
