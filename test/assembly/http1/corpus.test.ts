/**
 * The raw cases of others, at the door of the codec: which requests would go on to an upstream, against what Envoy 1.40 let through. Never more than Envoy;
 * fewer only by a rule that docs/http1_strictness.md lists.
 */

import { createHash } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { HEADERS_UPGRADE } from "../../../host/wasm/layout.gen.ts";
import { type Golden, type RawCase, readCorpus } from "../../support/http1_corpus.ts";
import { answer, Bench, feedPieces, type Message, Recorder } from "../../support/http1_recorder.ts";
import { runVector } from "../../support/http1_run.ts";

/** Rules by which we are stricter than Envoy, for requests and for responses. */
const STRICTER_REQUESTS = new Set(["bare_cr", "host_twice", "chunk_extension", "chunk_end"]);
const STRICTER_RESPONSES = new Set(["bare_cr", "status_line", "chunk_extension"]);

const bench = new Bench();
const corpus = readCorpus();

describe.skipIf(corpus === null)("raw cases", () => {
  const { cases, golden } = corpus ?? { cases: [], golden: new Map<string, Golden>() };

  it("lets no request through that Envoy does not", () => {
    const wrong: string[] = [];
    for (const raw of cases.filter((one) => one.kind === "request")) {
      const envoy = golden.get(raw.id);
      if (envoy === undefined) continue;
      const { passed, error } = requestsOf(raw);
      const theirs = envoy.upstream.filter((seen) => seen.complete !== false).map(seenText);
      const isStricter = passed.length < theirs.length && STRICTER_REQUESTS.has(error);
      if (!isStricter && passed.join("\n") !== theirs.join("\n"))
        wrong.push(`${raw.id}: ${passed} / ${theirs} (${error})`);
    }
    expect(wrong).toEqual([]);
  });

  it("reads every response as Envoy does", () => {
    const wrong: string[] = [];
    for (const raw of cases.filter((one) => one.kind === "response")) {
      const envoy = golden.get(raw.id);
      if (envoy === undefined) continue;
      const { content, error } = responseOf(raw);
      const refused = envoy.statuses.length === 0 || [0, 502, 503].includes(envoy.statuses[0] as number);
      const isSame = refused ? content === null : content === envoy.body;
      if (!isSame && !STRICTER_RESPONSES.has(error)) wrong.push(`${raw.id}: ${content} / ${envoy.body} (${error})`);
    }
    expect(wrong).toEqual([]);
  });

  it("tells the same however a case is cut", () => {
    for (const { id, kind, bytes } of cases) {
      const vector = { options: { side: kind }, bytes };
      const whole = runVector(bench, vector, []);
      const everyByte = Array.from({ length: Math.max(bytes.length - 1, 0) }, (_, i) => i + 1);
      expect(runVector(bench, vector, everyByte), id).toEqual(whole);
      const half = bytes.length >> 1;
      if (half > 0) expect(runVector(bench, vector, [half]), id).toEqual(whole);
    }
  });
});

afterAll(() => {
  expect(bench.core.exports.blocksLive(), "header blocks that nobody freed").toBe(0);
  expect(bench.core.exports.http1Live(), "connections that nobody closed").toBe(0);
});

/** The requests that a connection manager without upgrades would send on, as Envoy's does. */
function requestsOf(raw: RawCase): { passed: string[]; error: string } {
  const recorder = new Recorder(bench);
  const codec = bench.server();
  codec.listener = recorder;
  const passed: string[] = [];
  let isOver = false;
  recorder.onHead = (_streamId, { head }) => {
    // An upgrade is answered 403, a CONNECT 404, and the connection ends.
    if ((head.flags & HEADERS_UPGRADE) === 0) return;
    isOver = true;
    codec.close();
  };
  recorder.onComplete = (streamId, message) => {
    const method = value(message, ":method");
    const path = value(message, ":path");
    if (method === "QUERY" && value(message, "content-type") === "") {
      isOver = true;
      codec.close();
      return;
    }
    // Else it is answered 404.
    if (path.startsWith("/")) passed.push(`${method} ${path} ${brief(message.content.toString("latin1"))}`);
    answer(bench, codec, streamId);
  };
  const guarded = {
    feed(address: number, length: number): void {
      if (!isOver) codec.feed(address, length);
    },
  };
  feedPieces(bench, guarded, recorder, raw.bytes, []);
  codec.close();
  return { passed, error: recorder.error };
}

/** The content of the response, null when there is none or it is refused before it began. */
function responseOf(raw: RawCase): { content: string | null; error: string } {
  const recorder = new Recorder(bench);
  const codec = bench.client();
  codec.listener = recorder;
  const block = bench.block([
    [":method", "GET"],
    [":path", "/"],
    [":authority", "h"],
  ]);
  codec.encodeHeaders(codec.startStream(), block, true, 0, bench.out, bench.room);
  bench.core.exports.blockFree(block);
  feedPieces(bench, codec, recorder, raw.bytes, []);
  if (recorder.error === "") codec.feedEnd();
  codec.close();
  const final = recorder.messages.find(({ head }) => head.code >= 200);
  return { content: final === undefined ? null : brief(final.content.toString("latin1")), error: recorder.error };
}

function seenText({ req, body }: Golden["upstream"][number]): string {
  return `${req.replace(/ HTTP\/1\.1$/, "")} ${body}`;
}

function value(message: Message, name: string): string {
  return message.head.fields.find(([key]) => key === name)?.[1] ?? "";
}

function brief(text: string): string {
  if (text.length <= 120) return text;
  const hash = createHash("sha1").update(Buffer.from(text, "latin1")).digest("hex");
  return `${text.length} bytes sha1 ${hash.slice(0, 12)}`;
}
