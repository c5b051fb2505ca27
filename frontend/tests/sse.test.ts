import { describe, expect, it } from "vitest";

import { EventParser, readEvents } from "../src/sse";

const whole = 'event: literal\ndata: {"text":"A dog."}\n\nevent: token\ndata: {"text":"Ein"}\n\n';

describe("EventParser", () => {
  it("finds the same events however the text is cut", () => {
    for (let cut = 0; cut <= whole.length; cut++) {
      const parser = new EventParser();
      const found = [...parser.feed(whole.slice(0, cut)), ...parser.feed(whole.slice(cut))];
      expect(found.map(({ event }) => event), `cut at ${cut}`).toEqual(["literal", "token"]);
    }
  });

  it("takes CRLF and CR for line ends, even when a chunk ends between the two", () => {
    for (const text of [whole.replaceAll("\n", "\r\n"), whole.replaceAll("\n", "\r") + "\n"]) {
      const parser = new EventParser();
      const found = [...text].flatMap((letter) => parser.feed(letter));
      expect(found).toEqual(new EventParser().feed(whole));
    }
  });

  it("passes over heartbeats and ids, and events without data", () => {
    const found = new EventParser().feed(": still here\n\nid: 3\nevent: token\n: still\ndata: x\n\nevent: none\n\ndata: y\n\n");
    expect(found).toEqual([
      { event: "token", data: "x" },
      { event: "message", data: "y" },
    ]);
  });

  it("joins lines of data, and takes off one space only", () => {
    expect(new EventParser().feed("data:a\ndata:  b\ndata\n\n")).toEqual([{ event: "message", data: "a\n b\n" }]);
  });

  it("keeps an event back until it is complete", () => {
    expect(new EventParser().feed("event: token\ndata: x\n")).toEqual([]);
  });
});

describe("readEvents", () => {
  it("decodes letters that are cut in two", async () => {
    const bytes = new TextEncoder().encode("data: sea, écume 🌊\n\n");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const found = [];
    for await (const { data } of readEvents(body)) found.push(data);
    expect(found).toEqual(["sea, écume 🌊"]);
  });
});
