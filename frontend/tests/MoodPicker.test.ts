import { mount } from "@vue/test-utils";
import { describe, expect, it } from "vitest";

import MoodPicker from "../src/components/MoodPicker.vue";
import { searchMoods } from "../src/moods";
import { moods } from "./records";

function open(modelValue: string | null = null) {
  const wrapper = mount(MoodPicker, { props: { moods, label: "Mood", testid: "mood-search", modelValue } });
  const input = wrapper.get("input");
  const key = (name: string) => input.trigger("keydown", { key: name });
  const active = () => {
    const id = input.attributes("aria-activedescendant");
    return id ? wrapper.get(`[id="${id}"] .picker-name`).text() : null;
  };
  return { wrapper, input, key, active };
}

describe("MoodPicker", () => {
  it("opens with an arrow, moves around both ends, and chooses with Enter", async () => {
    const { wrapper, input, key, active } = open();
    expect(input.attributes("aria-expanded")).toBe("false");
    await key("ArrowDown");
    expect(input.attributes("aria-expanded")).toBe("true");
    expect(active()).toBe("awe");
    await key("ArrowUp");
    expect(active()).toBe("serenity");
    await key("ArrowDown");
    await key("ArrowDown");
    expect(active()).toBe("joy");
    await key("Enter");
    expect(wrapper.emitted("update:modelValue")).toEqual([["joy"]]);
    expect(input.attributes("aria-expanded")).toBe("false");
  });

  it("takes the nearest mood for what was typed", async () => {
    const { wrapper, input, key, active } = open();
    await input.setValue("happ");
    expect(active()).toBe("joy");
    await key("Enter");
    expect(wrapper.emitted("update:modelValue")).toEqual([["joy"]]);
  });

  it("forgets what was typed on Escape, and keeps the choice", async () => {
    const { wrapper, input, key } = open("awe");
    await input.setValue("joy");
    await key("Escape");
    expect(input.element.value).toBe("awe");
    expect(wrapper.emitted("update:modelValue")).toBeUndefined();
  });

  it("says when no mood fits, and Enter then chooses nothing", async () => {
    const { wrapper, input, key } = open();
    await input.setValue("zzz");
    expect(wrapper.text()).toContain("No mood goes by that name.");
    await key("Enter");
    expect(wrapper.emitted("update:modelValue")).toBeUndefined();
  });
});

describe("searchMoods", () => {
  const names = (typed: string) => searchMoods(moods, typed).map(({ name }) => name);

  it("finds by name, alias and definition", () => {
    expect(names("nost")).toEqual(["nostalgia"]);
    expect(names("Peace")).toEqual(["serenity"]);
    expect(names("ache")).toEqual(["nostalgia"]);
    expect(names(" ")).toHaveLength(4);
  });

  it("puts names before definitions", () => {
    expect(names("a")[0]).toBe("awe");
  });
});
