import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { EventRing } from "../../../host/wasm/events.ts";
import {
  END_STREAM,
  EVENT_DATA,
  EVENT_HEADERS,
  METHOD_POST,
  READ_BUFFER_START,
  SERVER,
} from "../../../host/wasm/layout.gen.ts";
import { write } from "../../support/core_text.ts";

describe("the event ring", () => {
  it("shows what a feed wrote, and each feed starts anew", () => {
    const core = new Core();
    const events = new EventRing(core);
    const connection = core.exports.http1Open(SERVER, 60_000, 100, 0);
    const feed = (text: string) =>
      core.exports.http1Feed(connection, READ_BUFFER_START, write(core, text, READ_BUFFER_START));

    expect(feed("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhe")).toBe(2);
    expect([events.kind(0), events.c(0)]).toEqual([EVENT_HEADERS, METHOD_POST]);
    expect([events.kind(1), events.b(1), events.c(1)]).toEqual([EVENT_DATA, 2, 0]);
    expect(core.bytes.toString("latin1", events.a(1), events.a(1) + 2)).toBe("he");
    core.exports.blockFree(events.a(0));

    expect(feed("llo")).toBe(1);
    expect([events.kind(0), events.b(0), events.c(0)]).toEqual([EVENT_DATA, 3, END_STREAM]);
  });
});
