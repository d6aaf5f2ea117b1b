/** Runs one vector, cut in one way. */

import type { Http1Codec } from "../../host/codec/http1_codec.ts";
import { HEADERS_UPGRADE } from "../../host/wasm/layout.gen.ts";
import { answer, type Bench, feedPieces, Recorder } from "./http1_recorder.ts";
import type { Vector, VectorOptions } from "./http1_vectors.ts";

/** What the codec tells of `vector.bytes`, cut at `cuts`. */
export function runVector(bench: Bench, vector: Pick<Vector, "options" | "bytes">, cuts: readonly number[]): string[] {
  const recorder = new Recorder(bench);
  const codec =
    vector.options.side === "request"
      ? asServer(bench, recorder, vector.options)
      : asClient(bench, recorder, vector.options);
  feedPieces(bench, codec, recorder, vector.bytes, cuts);
  if (vector.options.fin === true && recorder.error === "") codec.feedEnd();
  codec.close();
  return recorder.log();
}

function asServer(bench: Bench, recorder: Recorder, options: VectorOptions): Http1Codec {
  const codec = bench.server(options.settings);
  codec.listener = recorder;
  recorder.onComplete = (streamId) => answer(bench, codec, streamId);
  recorder.onHead = (streamId, { head }) => {
    if (options.tunnel === true && (head.flags & HEADERS_UPGRADE) !== 0) codec.tunnel(streamId);
  };
  return codec;
}

function asClient(bench: Bench, recorder: Recorder, options: VectorOptions): Http1Codec {
  const codec = bench.client(options.settings);
  codec.listener = recorder;
  recorder.onHead = (streamId, { head }) => {
    if (options.tunnel === true && (head.flags & HEADERS_UPGRADE) !== 0) codec.tunnel(streamId);
  };
  const fields: [string, string][] = [
    [":method", options.method ?? "GET"],
    [":path", "/"],
    [":authority", "h"],
  ];
  if (options.upgrade !== undefined) fields.push(["connection", "upgrade"], ["upgrade", options.upgrade]);
  const block = bench.block(fields);
  codec.encodeHeaders(codec.startStream(), block, options.upgrade === undefined, 0, bench.out, bench.room);
  bench.core.exports.blockFree(block);
  return codec;
}
