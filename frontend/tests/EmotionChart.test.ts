import { mount } from "@vue/test-utils";
import { describe, expect, it } from "vitest";

import EmotionChart from "../src/components/EmotionChart.vue";
import { reading } from "./records";

const chart = (change = {}) => mount(EmotionChart, { props: { reading: { ...reading, ...change } } });

describe("EmotionChart", () => {
  it("shows nine emotions with their shares, the top one marked", () => {
    const rows = chart().findAll(".bar-row");
    expect(rows).toHaveLength(9);
    expect(rows[1]!.text()).toBe("awe42 %");
    expect(rows[1]!.classes()).toContain("top");
    expect(rows[1]!.get<HTMLElement>(".bar").element.style.transform).toBe("scaleX(0.42)");
  });

  it("puts the dot where valence and arousal are, and says it in words", () => {
    const plane = chart().get(".plane");
    expect(plane.get(".plane-dot").attributes()).toMatchObject({ cx: "91", cy: "72.5" });
    expect(plane.attributes("aria-label")).toContain("pleasant, calm");
  });

  it("says what speaks for it", () => {
    const words = chart().findAll(".evidence li").map((one) => one.text());
    expect(words).toEqual(["In the photo: a pleasant look speaks for awe", "In the words: “mountain” speaks for awe"]);
  });

  it("says plainly when the photo leaves its feeling open", () => {
    const abstained = chart({ abstained: true, evidence: [] });
    expect(abstained.get(".emotion-lead").text()).toBe("This photo leaves its feeling open, so none is claimed.");
    expect(abstained.find(".top").exists()).toBe(false);
  });
});
