import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter } from "vue-router";

import { useServer } from "../src/server";
import GalleryView from "../src/views/GalleryView.vue";
import { caption, moods, problem, problemAnswer } from "./records";

const page = (ids: string[], next_cursor: string | null = null) =>
  Response.json({ captions: ids.map((id) => caption(id)), next_cursor });

async function open(path = "/gallery") {
  const routes = [
    { path: "/", name: "caption", component: {} },
    { path: "/gallery", name: "gallery", component: GalleryView },
    { path: "/gallery/:id", name: "photo", component: {} },
  ];
  const router = createRouter({ history: createMemoryHistory(), routes });
  await router.push(path);
  const wrapper = mount(GalleryView, { global: { plugins: [router] } });
  const items = () => wrapper.findAll("[data-testid=gallery-item]");
  return { wrapper, router, items };
}

const fetch = vi.fn<(url: string) => Promise<Response>>();
const asked = () => fetch.mock.calls.map(([url]) => new URL(url, "http://x").searchParams);

beforeEach(() => {
  fetch.mockReset();
  vi.stubGlobal("fetch", fetch);
  useServer().moods.value = moods;
});
afterEach(() => vi.useRealTimers());

describe("GalleryView", () => {
  it("shows skeletons, then the photos with their captions", async () => {
    fetch.mockImplementation(async () => page(["c1", "c2"]));
    const { wrapper, items } = await open();
    expect(wrapper.findAll(".skeleton")).toHaveLength(8);
    await flushPromises();
    expect(wrapper.find(".skeleton").exists()).toBe(false);
    expect(items()[0]!.text()).toContain("The mountain of c1 stands hushed.");
    expect(items()[1]!.get("a").attributes("href")).toBe("/gallery/c2");
    expect(items()[0]!.get("img").attributes("alt")).toBe("A mountain.");
    expect(asked()[0]!.get("latest")).toBe("true");
  });

  it("loads more from where it ended", async () => {
    fetch.mockImplementationOnce(async () => page(["c1"], "next")).mockImplementationOnce(async () => page(["c2"]));
    const { wrapper, items } = await open();
    await flushPromises();
    await wrapper.get(".more button").trigger("click");
    await flushPromises();
    expect(asked()[1]!.get("cursor")).toBe("next");
    expect(items()).toHaveLength(2);
    expect(wrapper.find(".more").exists()).toBe(false);
  });

  it("tells an empty gallery from a search that finds nothing", async () => {
    fetch.mockImplementation(async () => page([]));
    const empty = await open();
    await flushPromises();
    expect(empty.wrapper.get(".empty").text()).toContain("No photos yet.");
    const none = await open("/gallery?q=zebra");
    await flushPromises();
    expect(none.wrapper.get(".empty").text()).toContain("Nothing fits this search.");
  });

  it("takes the search from the address", async () => {
    fetch.mockImplementation(async () => page(["c1"]));
    const { wrapper } = await open("/gallery?q=dog&mood=joy");
    await flushPromises();
    expect(Object.fromEntries(asked()[0]!)).toMatchObject({ q: "dog", mood: "joy" });
    expect(wrapper.get<HTMLInputElement>("[data-testid=gallery-search]").element.value).toBe("dog");
    expect(wrapper.get<HTMLSelectElement>("[data-testid=gallery-mood]").element.value).toBe("joy");
  });

  it("searches once for several keys, and keeps the search in the address", async () => {
    vi.useFakeTimers();
    fetch.mockImplementation(async () => page(["c1"]));
    const { wrapper, router } = await open();
    for (const typed of ["d", "do", "dog"]) await wrapper.get("[data-testid=gallery-search]").setValue(typed);
    await vi.advanceTimersByTimeAsync(500);
    expect(asked().map((query) => query.get("q"))).toEqual([null, "dog"]);
    expect(router.currentRoute.value.query).toEqual({ q: "dog" });
  });

  it("says what went wrong, and tries again", async () => {
    fetch.mockImplementationOnce(async () => problemAnswer(problem({ status: 500, detail: "The server made a mistake." })));
    fetch.mockImplementation(async () => page(["c1"]));
    const { wrapper, items } = await open();
    await flushPromises();
    expect(wrapper.get("[data-testid=error]").text()).toContain("The server made a mistake.");
    await wrapper.get("[data-testid=retry]").trigger("click");
    await flushPromises();
    expect(items()).toHaveLength(1);
    expect(wrapper.find("[data-testid=error]").exists()).toBe(false);
  });

  it("says that you are offline, and goes on by itself once you are not", async () => {
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    fetch.mockRejectedValueOnce(new TypeError("fetch failed"));
    fetch.mockImplementation(async () => page(["c1"]));
    const { wrapper, items } = await open();
    await flushPromises();
    expect(wrapper.get("[data-testid=error]").text()).toContain("You are offline.");
    window.dispatchEvent(new Event("online"));
    await flushPromises();
    expect(items()).toHaveLength(1);
  });
});
