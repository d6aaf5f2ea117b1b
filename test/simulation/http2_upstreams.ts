/** The upstreams of a world that speak HTTP/2: answers out of order, early and in pieces, and the trouble that many streams on one connection can make. */

import type { Settings } from "../support/http2_bench.ts";
import { frame, u32, WINDOW_UPDATE } from "../support/http2_frames.ts";
import { fieldOf, type HeardStream, type Http2UpstreamEnd } from "../support/http2_upstream_end.ts";

/** What a world lends. */
export interface Fate {
  chance(of: number): boolean;
  /** From 0, without the limit. */
  below(limit: number): number;
  /** Now something goes wrong. */
  troubled(): boolean;
  /** The answer's content for a tag. */
  body(tag: string): string;
  /** Reads nothing for a while. */
  sleep(end: Http2UpstreamEnd): void;
  /** Done at another time, or never. */
  later(action: () => void): void;
}

/** Streams that one connection takes, and windows of its streams. */
const MAX_STREAMS = [1, 3, 100];
const WINDOWS = [1_000, 20_000, 65_535];
const RESETS = [0, 2, 7, 8];

export class Http2Upstreams {
  private readonly fate: Fate;
  private readonly ends: Http2UpstreamEnd[] = [];

  constructor(fate: Fate) {
    this.fate = fate;
  }

  settings(): Settings {
    const { fate } = this;
    return {
      maxStreams: MAX_STREAMS[fate.below(MAX_STREAMS.length)] as number,
      streamWindow: WINDOWS[fate.below(WINDOWS.length)] as number,
    };
  }

  serve(end: Http2UpstreamEnd): void {
    const { fate } = this;
    this.ends.push(end);
    if (fate.troubled()) {
      end.socket.reset();
      return;
    }
    const answered = new Set<HeardStream>();
    const answer = (stream: HeardStream) => {
      if (answered.has(stream) || stream.resetBy !== null || end.isClosed) return;
      answered.add(stream);
      this.answer(end, stream);
    };
    end.whenStream = (stream) => {
      // Not everybody waits for the end of a request.
      if (fate.chance(0.05)) fate.later(() => answer(stream));
    };
    end.whenComplete = (stream) => {
      if (fate.chance(0.5)) answer(stream);
      else fate.later(() => answer(stream));
    };
    end.whenRead = () => {
      if (fate.chance(0.02)) fate.sleep(end);
      if (fate.troubled()) this.breakDown(end);
    };
  }

  private answer(end: Http2UpstreamEnd, stream: HeardStream): void {
    const { fate } = this;
    const { id } = stream;
    const tag = tagOf(stream);
    if (fate.troubled()) {
      this.breakDown(end, id);
      return;
    }
    if (fate.chance(0.05)) end.head(id, [[":status", "103"]]);
    if (fieldOf(stream.head, ":method") === "HEAD") {
      end.head(
        id,
        [
          [":status", "200"],
          ["x-tag", tag],
          ["content-length", "7"],
        ],
        true,
      );
      return;
    }
    const body = fate.body(tag);
    const length = fate.chance(0.5) ? [["content-length", String(body.length)] as const] : [];
    end.head(id, [[":status", "200"], ["x-tag", tag], ...length]);
    const say = () => {
      if (end.isClosed || stream.resetBy !== null) return;
      if (fate.troubled()) this.breakDown(end, id);
      else end.data(id, body, true, fate.chance(0.2) ? [["x-sum", "1"]] : null);
    };
    if (fate.chance(0.5)) say();
    else fate.later(say);
  }

  /** Of one stream when it is given, or of the connection. */
  private breakDown(end: Http2UpstreamEnd, id = 0): void {
    const { fate } = this;
    if (end.isClosed) return;
    const how = fate.below(id === 0 ? 5 : 7);
    const last = Math.max(0, ...end.streams.keys());
    if (how === 0) end.socket.reset();
    else if (how === 1) end.socket.end();
    else if (how === 2) end.raw(Buffer.from("nonsense that is no frame"));
    else if (how === 3) end.goaway(fate.chance(0.5) ? last : Math.max(0, last - 2));
    else if (how === 5) end.reset(id, RESETS[fate.below(RESETS.length)] as number);
    else if (how === 6) end.raw(frame(WINDOW_UPDATE, 0, id, u32(0)));
    // Else nothing ever comes.
  }

  /** Requests that did not arrive as they were sent, or more often than they may be tried. */
  mixedUp(
    requestOf: (tag: string) => { readonly method: string; readonly body: string } | undefined,
    triesMax: number,
  ): string[] {
    const wrong: string[] = [];
    const seen = new Map<string, number>();
    for (const end of this.ends) {
      // Whom it had not told yet how many streams it takes may begin more.
      if (end.broken !== "" && !end.broken.endsWith("H2_REFUSED")) wrong.push(`an upstream heard ${end.broken}`);
      for (const stream of end.streams.values()) {
        const tag = tagOf(stream);
        const request = requestOf(tag);
        const body = stream.body.toString("latin1");
        if (request === undefined) wrong.push(`an upstream heard of ${tag}`);
        else if (stream.isComplete ? body !== request.body : !request.body.startsWith(body))
          wrong.push(`the body of ${tag} is wrong: ${body.length} bytes of ${request.body.length}`);
        else if (fieldOf(stream.head, ":method") !== request.method) wrong.push(`${tag} has become another`);
        seen.set(tag, (seen.get(tag) ?? 0) + 1);
        if ((seen.get(tag) as number) > triesMax) wrong.push(`${tag} was sent too often`);
      }
    }
    return wrong;
  }
}

function tagOf({ head }: HeardStream): string {
  return fieldOf(head, ":path")?.slice(1) ?? "";
}
