import { flushPromises, mount } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h, KeepAlive, type Component } from "vue";
import { createMemoryHistory, createRouter, RouterView } from "vue-router";

import { resetPreferences } from "../src/preferences";
import { useServer } from "../src/server";
import { resetSession, useSession } from "../src/session";
import GalleryView from "../src/views/GalleryView.vue";
import AccountView from "../src/views/settings/AccountView.vue";
import DataView from "../src/views/settings/DataView.vue";
import LearntView from "../src/views/settings/LearntView.vue";
import PreferencesView from "../src/views/settings/PreferencesView.vue";
import SettingsView from "../src/views/settings/SettingsView.vue";
import TokensView from "../src/views/settings/TokensView.vue";
import type { Example } from "../src/types";
import { fileSize } from "../src/words";
import { ana, answering, caption, moods, preferences, problem, problemAnswer } from "./records";

const empty = { render: () => null };

async function open(component: Component, path = "/here") {
  const names = ["preferences", "learnt", "data", "account", "tokens", "photo"];
  const routes = [{ path: "/here", component: empty }, ...names.map((name) => ({ path: `/${name}/:id?`, name, component: empty }))];
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/gallery", component: empty }, ...routes] });
  await router.push(path);
  const wrapper = mount(component, { global: { plugins: [router] }, attachTo: document.body.appendChild(document.createElement("main")) });
  await flushPromises();
  const part = (testid: string) => wrapper.get(`[data-testid="${testid}"]`);
  return { wrapper, part };
}

type Fetch = ReturnType<typeof answering>;
const bodies = (fetch: Fetch) => fetch.mock.calls.filter(([, init]) => init?.body).map(([, init]) => JSON.parse(String(init!.body)) as unknown);
const asked = (fetch: Fetch) => fetch.mock.calls.map(([url, init]) => `${init?.method ?? "GET"} ${url.replace("/api/v1", "")}`);

function example(id: string, change: Partial<Example> = {}): Example {
  const base = { id, caption_id: "c1", literal: "A dog.", mood: "joy", text: `Glad dog ${id}!`, before: "A dog, and all is glad." };
  return { ...base, source: "edit", weight: 1, created_at: "2026-01-02T03:04:05Z", ...change };
}

beforeEach(() => {
  resetPreferences();
  resetSession();
  useServer().moods.value = moods;
});
afterEach(() => (document.body.innerHTML = ""));

describe("PreferencesView", () => {
  it("saves each choice as it is made", async () => {
    const saving = { ...preferences };
    const fetch = answering(() => Response.json(preferences));
    const { part } = await open(PreferencesView);
    fetch.mockImplementation(async (_url, init) => Response.json(Object.assign(saving, JSON.parse(String(init!.body)))));
    await part("length").get("input[value=short]").setValue();
    await part("spelling").get("input[value=UK]").setValue();
    await part("detail").get("input[value=long]").setValue();
    await part("people").get("input[value=neutral]").setValue();
    await part("never-input").setValue("Nestled, vibrant ,, nestled");
    await part("never-input").element.closest("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await part("keep-photos").setValue(false);
    await part("keep-days").setValue("30");
    await flushPromises();
    expect(bodies(fetch)).toEqual([
      { length: "short" }, { spelling: "UK" }, { detail: "long" }, { people: "neutral" }, { never: ["nestled", "vibrant"] }, { keep_photos: false }, { keep_days: 30 },
    ]);
    expect(part("saved").text()).toBe("Saved");
    await part("never").get("button").trigger("click");
    await flushPromises();
    expect(bodies(fetch).at(-1)).toEqual({ never: ["vibrant"] });
  });

  it("puts the moods to offer first into another order, and says so", async () => {
    const fetch = answering(() => Response.json({ ...preferences, first: ["awe", "joy"] }));
    const { wrapper, part } = await open(PreferencesView);
    fetch.mockImplementation(async (_url, init) => Response.json({ ...preferences, ...JSON.parse(String(init!.body)) }));
    const button = (label: string) => wrapper.get(`[aria-label="${label}"]`);
    const order = () => part("first").findAll("li").map((item) => item.text());
    expect(button("Move awe up").attributes("disabled")).toBeDefined();
    await button("Move joy up").trigger("click");
    await flushPromises();
    expect(order()).toEqual(["joy", "awe"]);
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Move joy down");
    expect(wrapper.text()).toContain("joy is number 1 of 2");
    await button("Move joy down").trigger("click");
    await button("Remove joy").trigger("click");
    await flushPromises();
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Remove awe");
    expect(bodies(fetch)).toEqual([{ first: ["joy", "awe"] }, { first: ["awe", "joy"] }, { first: ["awe"] }]);
    await button("Remove awe").trigger("click");
    await flushPromises();
    expect(document.activeElement).toBe(part("first-search").element);
  });

  it("takes an intensity of one's own, and gives it up again", async () => {
    const fetch = answering(
      () => Response.json(preferences),
      () => Response.json({ ...preferences, intensity: 0.25 }),
      () => Response.json(preferences),
    );
    const { wrapper, part } = await open(PreferencesView);
    expect(wrapper.text()).toContain("As is usual on this server.");
    await part("preferred-intensity").setValue("0.25");
    await flushPromises();
    await wrapper.findAll("button.link").find((link) => link.text().startsWith("Back"))!.trigger("click");
    await flushPromises();
    expect(bodies(fetch)).toEqual([{ intensity: 0.25 }, { intensity: null }]);
  });
});

describe("LearntView", () => {
  it("shows what was learnt, and forgets one and all of it", async () => {
    const fetch = answering(
      () => Response.json({ habits: ["shorter captions"], examples: [example("e1"), example("e2", { source: "rating", weight: -0.4, before: null })] }),
      () => new Response(null, { status: 204 }),
      () => Response.json({ habits: [], examples: [example("e2", { source: "rating", weight: -0.4, before: null })] }),
      () => new Response(null, { status: 204 }),
      () => Response.json({ habits: [], examples: [] }),
    );
    const { wrapper, part } = await open(LearntView);
    const items = () => wrapper.findAll("[data-testid=example]").map((item) => item.text());
    expect(part("habits").text()).toContain("shorter captions");
    expect(items()[0]).toContain("In place of: A dog, and all is glad.");
    expect(items()[1]).toMatch(/You disliked.*counts some, against/s);
    await part("forget").trigger("click");
    await flushPromises();
    expect(items()).toHaveLength(1);
    expect(document.activeElement?.tagName).toBe("H1");
    await part("forget-all").trigger("click");
    await part("confirm-delete").trigger("click");
    await flushPromises();
    expect(wrapper.text()).toContain("Nothing yet.");
    expect(asked(fetch)).toEqual(["GET /learnt", "DELETE /learnt/e1", "GET /learnt", "DELETE /learnt", "GET /learnt"]);
  });
});

describe("TokensView", () => {
  it("shows a new token once, and revokes it", async () => {
    const token = { id: "t1", name: "Backup", scope: "write", created_at: "2026-01-02T03:04:05Z", expires_at: null, last_used_at: null };
    const fetch = answering(
      () => Response.json({ tokens: [] }),
      () => Response.json({ ...token, token: "mc_secret" }, { status: 201 }),
      () => Response.json({ tokens: [token] }),
      () => new Response(null, { status: 204 }),
      () => Response.json({ tokens: [] }),
    );
    const { wrapper, part } = await open(TokensView);
    await part("token-name").setValue(" Backup ");
    await part("token-scope").get("input[value=write]").setValue();
    await part("token-days").setValue("0");
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    expect(bodies(fetch)).toEqual([{ name: "Backup", scope: "write", expires_at: null }]);
    expect(part("token").text()).toBe("mc_secret");
    expect(part("token-item").text()).toMatch(/Read and write.*Never expires.*Never used/s);
    await part("revoke").trigger("click");
    await part("confirm-delete").trigger("click");
    await flushPromises();
    expect(wrapper.text()).not.toContain("mc_secret");
    expect(asked(fetch).at(-2)).toBe("DELETE /tokens/t1");
  });

  it("sends when a token expires", async () => {
    const fetch = answering(() => Response.json({ tokens: [] }), () => problemAnswer(problem({ status: 422, detail: "No such name." })));
    const { wrapper, part } = await open(TokensView);
    await part("token-name").setValue("x");
    await part("token-days").setValue("30");
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    const [sent] = bodies(fetch) as [{ expires_at: string }];
    expect(Math.round((Date.parse(sent.expires_at) - Date.now()) / 86_400_000)).toBe(30);
    expect(part("error").text()).toContain("No such name.");
    expect(part("token-name").element).toHaveProperty("value", "x");
  });
});

describe("AccountView", () => {
  const events = () => Response.json({ events: [{ at: "2026-01-02T03:04:05Z", event: "sign_in_failed", address: "10.0.0.9", detail: null }] });

  it("lists sign-ins, and changes the password", async () => {
    const fetch = answering(events, () => new Response(null, { status: 204 }), events);
    const { wrapper, part } = await open(AccountView);
    expect(part("audit").text()).toMatch(/Sign-in failed.*10\.0\.0\.9/s);
    await part("current-password").setValue("old one");
    await part("new-password").setValue("a new one");
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    expect(bodies(fetch)).toEqual([{ current: "old one", new: "a new one" }]);
    expect(wrapper.text()).toContain("Your password is changed");
    expect(part("new-password").element).toHaveProperty("value", "");
  });

  it("says what is wrong with a password at its field, and keeps what was typed", async () => {
    const detail = "Take at least 10 characters.";
    answering(events, () => problemAnswer(problem({ status: 422, code: "weak_password", detail })));
    const { wrapper, part } = await open(AccountView);
    await part("current-password").setValue("old one");
    await part("new-password").setValue("short");
    await wrapper.get("form").trigger("submit");
    await flushPromises();
    expect(part("new-password").attributes("aria-invalid")).toBe("true");
    expect(wrapper.get(".field-hint.wrong").text()).toBe(detail);
    expect(part("new-password").element).toHaveProperty("value", "short");
  });

  it("deletes the account after the password and a question", async () => {
    const fetch = answering(events, () => problemAnswer(problem({ status: 403, detail: "The password is wrong." })));
    const { wrapper, part } = await open(AccountView);
    await part("delete-password").setValue("secret");
    await wrapper.findAll("form")[1]!.trigger("submit");
    expect(fetch).toHaveBeenCalledTimes(1);
    await part("confirm-delete").trigger("click");
    await flushPromises();
    expect(bodies(fetch)).toEqual([{ password: "secret" }]);
    expect(part("error").text()).toContain("The password is wrong.");
  });
});

describe("DataView and SettingsView", () => {
  const usage = () => Response.json({ captions_today: 3, captions_per_day: 20, photo_bytes: 5_200_000, photo_bytes_limit: null });

  it("shows what is used", async () => {
    answering(usage);
    const { part } = await open(DataView);
    expect(part("captions-today").text()).toContain("3 of 20");
    expect(part("photo-bytes").text()).toMatch(/5\.2 MB.*No limit/s);
  });

  it("tells small sizes apart from none", () => {
    expect([0, 12_345, 5_200_000, 67_108_864].map(fileSize)).toEqual(["0 kB", "12 kB", "5.2 MB", "67.1 MB"]);
  });

  it("has no account and no tokens to show where there are no accounts", async () => {
    const { wrapper } = await open(SettingsView);
    expect(wrapper.findAll(".settings-link").map((link) => link.text())).toEqual(["Preferences", "What was learnt", "Your data"]);
    expect(wrapper.find("[data-testid=sign-out]").exists()).toBe(false);
  });

  it("has them where there are", async () => {
    answering(() => Response.json(ana()));
    await useSession().load();
    const { wrapper } = await open(SettingsView);
    expect(wrapper.findAll(".settings-link")).toHaveLength(5);
    expect(wrapper.text()).toContain("Signed in as ana");
  });
});

describe("the gallery", () => {
  it("is as it was left when one comes back from a photo, and takes in what changed", async () => {
    const page = (ids: string[], next_cursor: string | null) => Response.json({ captions: ids.map((id) => caption(id)), next_cursor });
    const fetch = vi.fn(async (url: string) => (url.includes("cursor=next") ? page(["c3"], null) : page(["c1", "c2"], "next")));
    vi.stubGlobal("fetch", fetch);
    const routes = [
      { path: "/gallery", name: "gallery", component: GalleryView },
      { path: "/gallery/:id", name: "photo", component: empty },
    ];
    const router = createRouter({ history: createMemoryHistory(), routes });
    await router.push("/gallery?q=dog");
    const kept = () => h(RouterView, null, { default: ({ Component }: { Component: Component }) => h(KeepAlive, { include: "GalleryView" }, [h(Component)]) });
    const wrapper = mount(defineComponent({ render: kept }), { global: { plugins: [router] } });
    const items = () => wrapper.findAll("[data-testid=gallery-item]").map((item) => item.get("a").attributes("href"));
    await flushPromises();
    await wrapper.get(".more button").trigger("click");
    await flushPromises();
    expect(items()).toHaveLength(3);

    await router.push("/gallery/c3");
    await flushPromises();
    const before = fetch.mock.calls.length;
    fetch.mockImplementation(async (url) => (url.includes("cursor=next") ? page(["c3"], null) : page(["c0", "c2"], "next")));
    await router.push("/gallery?q=dog");
    expect(items()).toHaveLength(3);
    await flushPromises();
    expect(items()).toEqual(["/gallery/c0", "/gallery/c2", "/gallery/c3"]);
    expect(fetch.mock.calls.slice(before).every(([url]) => url.includes("q=dog"))).toBe(true);
  });
});
