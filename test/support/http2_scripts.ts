/** Scripts of frames: what a peer says, and what the other end says to it. */

import { afterEach, expect, it } from "vitest";
import { Http2Bench, type Settings } from "./http2_bench.ts";
import { END_HEADERS, type Fields, frame, GET, headers, POST, PRIORITY, u32 } from "./http2_frames.ts";

const bench = new Http2Bench();

export interface Script {
  readonly title: string;
  readonly frames: readonly Buffer[];
  /** Lines of the log behind the greeting. */
  readonly log: readonly string[];
  readonly settings?: Settings;
  /** The peer's settings. */
  readonly peer?: Readonly<Record<number, number>>;
  /** Nothing was said before. */
  readonly isRaw?: boolean;
}

export const goaway = (last: number, error: string, code: string): string[] => [
  `ERROR 0 ${code}`,
  `> GOAWAY ${last} ${error}`,
];
export const reset = (stream: number, error: string, code: string): string[] => [
  `ERROR ${stream} ${code}`,
  `> RST ${stream} ${error}`,
];
export const open = (stream: number): Buffer => headers(stream, POST, END_HEADERS);
export const priority = (stream: number, on: number): Buffer =>
  frame(PRIORITY, 0, stream, Buffer.concat([u32(on), Buffer.of(16)]));
export const withField = (...extra: Fields): Buffer => headers(1, [...GET, ...extra]);
export const without = (name: string): Buffer =>
  headers(
    1,
    GET.filter(([field]) => field !== name),
  );
export const instead = (name: string, value: string): Buffer =>
  headers(
    1,
    GET.map(([field, old]) => [field, field === name ? value : old] as const),
  );

/** The same events in the order of their streams' story; frames of our own come behind the call that caused them, so they are compared apart. */
function sorted(log: readonly string[]): { events: string[]; frames: string[] } {
  return { events: log.filter((line) => !line.startsWith(">")), frames: log.filter((line) => line.startsWith(">")) };
}

function run(script: Script, isServer: boolean, cuts: readonly number[]): string[] {
  const peer = isServer ? bench.server(script.settings) : bench.client(script.settings);
  if (script.isRaw) {
    peer.fetch();
    peer.take();
  } else {
    peer.greet(script.peer, isServer);
  }
  if (!isServer) {
    expect([peer.start(), peer.start()]).toEqual([1, 3]);
    peer.head(1, GET, true);
    peer.head(3, [[":method", "HEAD"], ...GET.slice(1)], true);
    peer.take();
  }
  const bytes = Buffer.concat(script.frames);
  peer.feed(bytes, cuts);
  const log = peer.take();
  peer.close();
  return log;
}

/** A test for each script: fed whole, byte by byte, and cut in many places. */
export function runScripts(side: "server" | "client", scripts: readonly Script[]): void {
  afterEach(() => expect(bench.leaks()).toEqual([0, 0, 0]));
  for (const script of scripts) {
    it(script.title, () => {
      const isServer = side === "server";
      const wanted = sorted(script.log);
      const { length } = Buffer.concat(script.frames);
      expect(sorted(run(script, isServer, []))).toEqual(wanted);
      const everyByte = Array.from({ length: Math.min(length - 1, 2_000) }, (_, i) => i + 1);
      expect(sorted(run(script, isServer, everyByte)), "byte by byte").toEqual(wanted);
      const step = Math.max(1, Math.floor(length / 200));
      for (let cut = 1; cut < length; cut += step) {
        expect(sorted(run(script, isServer, [cut])), `cut at ${cut}`).toEqual(wanted);
      }
    });
  }
}
