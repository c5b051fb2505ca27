/** Server-sent events read from a fetch answer (WHATWG HTML, 9.2). EventSource can only GET; photos are posted. */

export interface ServerEvent {
  event: string;
  data: string;
}

/** Takes text in pieces of any size and gives back the events that are complete. */
export class EventParser {
  private rest = "";
  private event = "";
  private data: string[] = [];

  feed(text: string): ServerEvent[] {
    this.rest += text;
    const found: ServerEvent[] = [];
    for (let line = this.nextLine(); line !== null; line = this.nextLine()) {
      if (line) this.take(line);
      else found.push(...this.dispatch());
    }
    return found;
  }

  private nextLine(): string | null {
    const end = this.rest.search(/[\r\n]/);
    if (end < 0) return null;
    // A CR at the very end may be the first half of a CRLF whose second half is still on its way.
    if (this.rest[end] === "\r" && end === this.rest.length - 1) return null;
    const width = this.rest.startsWith("\r\n", end) ? 2 : 1;
    const line = this.rest.slice(0, end);
    this.rest = this.rest.slice(end + width);
    return line;
  }

  private take(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return; // a heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
  }

  private dispatch(): ServerEvent[] {
    const whole = { event: this.event || "message", data: this.data.join("\n") };
    const empty = this.data.length === 0;
    this.event = "";
    this.data = [];
    return empty ? [] : [whole];
  }
}

/** The events of a body, as they arrive. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        // Closes a CR that waited for its LF.
        yield* parser.feed("\n");
        return;
      }
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
