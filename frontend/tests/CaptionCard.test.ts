import { flushPromises, mount } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { cardOf, type Card } from "../src/card";
import CaptionCard from "../src/components/CaptionCard.vue";
import { useServer } from "../src/server";
import type { CaptionRecord } from "../src/types";
import { caption, checks, eventStream, moods, problem, problemAnswer, reading } from "./records";

const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

function show(record: CaptionRecord) {
  const card: Card = cardOf(record);
  const wrapper = mount(CaptionCard, { props: { card, title: "mountain.jpg" }, attachTo: document.body });
  const part = (testid: string) => wrapper.find(`[data-testid="${testid}"]`);
  return { wrapper, card, part };
}

/** Answers of the server, one after the other; the requests are kept. */
function serve(...answers: (() => Response | Promise<Response>)[]) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => answers.shift()!());
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

beforeEach(() => {
  useServer().moods.value = moods;
  return () => (document.body.innerHTML = "");
});

describe("CaptionCard", () => {
  it("shows the literal caption, the emotion and the mood caption, in this order", () => {
    const { wrapper, part } = show(caption("c1"));
    expect(part("literal").text()).toBe("A mountain.");
    expect(part("mood-caption").text()).toBe("The mountain of c1 stands hushed.");
    const order = ["literal", "emotion-chart", "mood-caption"].map((id) => wrapper.html().indexOf(`data-testid="${id}"`));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(wrapper.attributes("data-status")).toBe("done");
  });

  it("says plainly that no rewrite passed, and keeps the rejected ones under a disclosure", () => {
    const rejected = [{ text: "A mountain of balloons.", checks: checks({ added: ["balloon"], problems: ["adds: balloon", "does not read well"] }) }];
    const { wrapper, part } = show(caption("c1", {}, { text: "A mountain.", checks: null, fallback: true, rejected }));
    expect(part("fallback-note").text()).toContain("No rewrite passed the checks, so this is the literal caption.");
    const details = wrapper.get<HTMLDetailsElement>("details.rejected");
    expect(details.element.open).toBe(false);
    expect(details.findAll(".check").map((one) => one.text())).toEqual(
      ["keeps everything", "adds: balloon", "does not read well", "awe: clear (60 %)"],
    );
  });

  it("says in words that it is not sure, and offers neither feeling nor mood", () => {
    const note = "I am not sure what this photo shows.";
    const { wrapper, part } = show(caption("c1", {}, { text: "A mountain.", checks: null, unsure: true, doubt: 0.8, note }));
    expect(part("unsure-note").text()).toBe(note);
    expect(part("plain-note").text()).toContain("No mood is put on a guess.");
    expect(part("emotion-chart").exists()).toBe(false);
    expect(wrapper.find(".controls").exists()).toBe(false);
    expect(wrapper.get(".eyebrow-mood").text()).toBe("not sure");
    expect(part("edit-caption").exists()).toBe(true);
  });

  it("says what kind of picture it is where it is no photo", () => {
    expect(show(caption("c1")).part("kind").exists()).toBe(false);
    expect(show(caption("c1", {}, { kind: "chart" })).part("kind").text()).toBe("This looks like a chart.");
    const blank = show(caption("c1", {}, { kind: "blank", text: "A mountain.", note: "This photo looks blank." }));
    expect(blank.part("kind").exists()).toBe(false);
    expect(blank.part("unsure-note").text()).toBe("This photo looks blank.");
    expect(blank.part("plain-note").text()).toContain("an empty picture");
  });

  it("offers the moods that suit the photo, and each mood once", async () => {
    const fetch = serve(() => eventStream(["caption", caption("c2", { rewrite_of: "c1" })]));
    const suits = ["awe", "serenity", "joy"].map((name) => ({ name, fit: 0.5 }));
    const { wrapper, part } = show(caption("c1", {}, { suits }));
    const chips = wrapper.findAll(".chip").map((chip) => chip.text().split(" ")[0]);
    expect(part("suits").findAll(".chip").map((chip) => chip.text())).toEqual(["serenity", "joy"]);
    expect(new Set(chips).size).toBe(chips.length);
    await part("suit-joy").trigger("click");
    expect(JSON.parse(String(fetch.mock.calls[0]![1].body))).toMatchObject({ mood: "joy" });
  });

  it("shows hostile text as text", () => {
    const { wrapper } = show(caption("c1", { edited_text: HOSTILE }, {
      literal: HOSTILE,
      emotion: { ...reading, evidence: [{ source: "text", what: HOSTILE, emotion: "awe", weight: 0.1 }] },
      alternatives: [{ text: HOSTILE, checks: checks({ added: [HOSTILE] }) }],
    }));
    expect(wrapper.find("script").exists()).toBe(false);
    expect(wrapper.findAll("img")).toHaveLength(1);
    expect(wrapper.get("[data-testid=mood-caption]").text()).toBe(HOSTILE);
  });

  it("saves an edit with Ctrl+Enter and drops it with Escape, focus back on its button", async () => {
    const fetch = serve(() => Response.json(caption("c1", { edited_text: "My own words." })));
    const { wrapper, part } = show(caption("c1"));
    await part("edit-caption").trigger("click");
    await wrapper.get("textarea").setValue("Gone.");
    await wrapper.get("textarea").trigger("keydown", { key: "Escape" });
    await flushPromises();
    expect(part("mood-caption").text()).toContain("hushed");
    expect(document.activeElement).toBe(part("edit-caption").element);

    await part("edit-caption").trigger("click");
    await wrapper.get("textarea").setValue("My own words.");
    await wrapper.get("textarea").trigger("keydown", { key: "Enter", ctrlKey: true });
    await flushPromises();
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch.mock.calls[0]![1]).toMatchObject({ method: "PATCH", body: '{"edited_text":"My own words."}' });
    expect(part("mood-caption").text()).toBe("My own words.");
  });

  it("keeps an edit open, with its words, where saving fails", async () => {
    serve(() => Promise.reject(new TypeError("fetch failed")));
    const { wrapper, part } = show(caption("c1"));
    await part("edit-caption").trigger("click");
    await wrapper.get("textarea").setValue("My own words.");
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    expect(wrapper.get("textarea").element.value).toBe("My own words.");
    expect(part("error").text()).toContain("does not answer");
  });

  it("writes anew in another mood, keeps the old text until then, and goes back to it", async () => {
    const second = caption("c2", { rewrite_of: "c1" }, { text: "New.", mood: { name: "nostalgia", intensity: 0.7, source: "asked" } });
    let answer: (response: Response) => void = () => undefined;
    const fetch = serve(() => new Promise<Response>((resolve) => (answer = resolve)));
    const { wrapper, part } = show(caption("c1"));
    await part("chip-nostalgia").trigger("click");
    expect(fetch.mock.calls[0]![0]).toBe("/api/v1/captions/c1/rewrites");
    expect(JSON.parse(String(fetch.mock.calls[0]![1].body))).toEqual({ mood: "nostalgia", intensity: 0.7 });
    expect(part("mood-caption").classes()).toContain("fading");
    expect(part("mood-caption").text()).toContain("hushed");

    answer(eventStream(["token", { text: "New." }], ["caption", second]));
    await vi.waitFor(() => expect(wrapper.attributes("data-status")).toBe("done"));
    expect(part("mood-caption").text()).toBe("New.");
    const versions = wrapper.findAll(".version");
    expect(versions.map((one) => one.text())).toEqual(["1awe", "2nostalgia"]);
    await versions[0]!.trigger("click");
    expect(part("mood-caption").text()).toContain("hushed");
  });

  it("does not take an unsaved edit away when a new caption comes", async () => {
    const second = caption("c2", { rewrite_of: "c1" }, { text: "New." });
    serve(() => eventStream(["caption", second]));
    const { wrapper, part, card } = show(caption("c1"));
    await part("edit-caption").trigger("click");
    await wrapper.get("textarea").setValue("Half a thou");
    await part("chip-joy").trigger("click");
    await vi.waitFor(() => expect(card.versions).toHaveLength(2));
    expect(wrapper.get("textarea").element.value).toBe("Half a thou");
    expect(card.shown).toBe(0);
    await wrapper.get("textarea").trigger("keydown", { key: "Escape" });
    await flushPromises();
    expect(part("mood-caption").text()).toBe("New.");
  });

  it("keeps the old caption where a rewrite fails, and offers to try again", async () => {
    serve(() => eventStream(["error", problem({ status: 504, detail: "It took too long." })]));
    const { wrapper, part } = show(caption("c1"));
    await part("chip-joy").trigger("click");
    await vi.waitFor(() => expect(part("error").exists()).toBe(true));
    expect(part("error").text()).toContain("It took too long.");
    expect(part("retry").exists()).toBe(true);
    expect(part("mood-caption").text()).toContain("hushed");
    expect(wrapper.attributes("data-status")).toBe("done");
  });

  it("takes a rating back when it is given twice", async () => {
    const fetch = serve(
      () => Response.json(caption("c1", { rating: "good" })),
      () => Response.json(caption("c1")),
    );
    const { part } = show(caption("c1"));
    await part("rate-good").trigger("click");
    await flushPromises();
    expect(part("rate-good").attributes("aria-pressed")).toBe("true");
    await part("rate-good").trigger("click");
    await flushPromises();
    expect(fetch.mock.calls.map(([, init]) => init.body)).toEqual(['{"rating":"good"}', '{"rating":null}']);
    expect(part("rate-good").attributes("aria-pressed")).toBe("false");
  });

  it("asks before it deletes, and then deletes every version", async () => {
    const fetch = serve(() => new Response(null, { status: 204 }), () => problemAnswer(problem({ status: 404 })));
    const { wrapper, part, card } = show(caption("c1"));
    card.versions.push(caption("c2", { rewrite_of: "c1" }));
    await part("delete").trigger("click");
    expect(wrapper.get("dialog").text()).toContain("2 captions");
    expect(fetch).not.toHaveBeenCalled();
    await part("confirm-delete").trigger("click");
    await flushPromises();
    expect(fetch.mock.calls.map(([url, init]) => `${init.method} ${url}`)).toEqual([
      "DELETE /api/v1/captions/c2",
      "DELETE /api/v1/captions/c1",
    ]);
    expect(wrapper.emitted("removed")).toHaveLength(1);
  });

  it("puts another candidate in the caption's place", async () => {
    const alternatives = [{ text: "Another.", checks: checks({ lost: ["red"] }) }];
    serve(() => Response.json(caption("c1", { edited_text: "Another." })));
    const { part } = show(caption("c1", {}, { alternatives }));
    expect(part("alternatives").text()).toContain("loses: red");
    await part("alternatives").get("button").trigger("click");
    await flushPromises();
    expect(part("mood-caption").text()).toBe("Another.");
    expect(part("alternatives").text()).toContain("In use");
  });
});
