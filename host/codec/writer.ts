/**
 * Encodes for a connection into the turn's gathered output. Where the slab has too little room left it is written out
 * first: an empty one suffices for all but the largest heads. Each call gives the number of bytes that will go on the wire.
 */

import type { Output, OutputTarget } from "../net/output.ts";
import { JOIN_BYTES as LARGE_HEAD_BYTES, JOIN_START as LARGE_HEAD_START } from "../wasm/layout.gen.ts";
import { type Codec, ENCODE_NO_ROOM } from "./codec.ts";

export function writeHeaders(
  output: Output,
  target: OutputTarget,
  codec: Codec,
  streamId: number,
  block: number,
  endStream: boolean,
  flags: number,
): number {
  let length = codec.encodeHeaders(streamId, block, endStream, flags, output.room(target), output.space);
  if (length === ENCODE_NO_ROOM) {
    output.flush();
    length = codec.encodeHeaders(streamId, block, endStream, flags, output.room(target), output.space);
  }
  if (length === ENCODE_NO_ROOM) {
    // Larger than a slab: there are such heads where `max_request_headers_kb` allows them, or where filters add much.
    length = codec.encodeHeaders(streamId, block, endStream, flags, LARGE_HEAD_START, LARGE_HEAD_BYTES);
    return copied(output, target, length);
  }
  return committed(output, length);
}

export function writeData(
  output: Output,
  target: OutputTarget,
  codec: Codec,
  streamId: number,
  address: number,
  dataLength: number,
  endStream: boolean,
): number {
  let length = codec.encodeData(streamId, address, dataLength, endStream, output.room(target), output.space);
  if (length === ENCODE_NO_ROOM) {
    output.flush();
    length = codec.encodeData(streamId, address, dataLength, endStream, output.room(target), output.space);
  }
  return committed(output, length);
}

export function writeTrailers(
  output: Output,
  target: OutputTarget,
  codec: Codec,
  streamId: number,
  block: number,
): number {
  let length = codec.encodeTrailers(streamId, block, output.room(target), output.space);
  if (length === ENCODE_NO_ROOM) {
    output.flush();
    length = codec.encodeTrailers(streamId, block, output.room(target), output.space);
  }
  if (length === ENCODE_NO_ROOM) {
    length = codec.encodeTrailers(streamId, block, LARGE_HEAD_START, LARGE_HEAD_BYTES);
    return copied(output, target, length);
  }
  return committed(output, length);
}

function committed(output: Output, length: number): number {
  if (length <= 0) return 0;
  output.commit(length);
  return length;
}

function copied(output: Output, target: OutputTarget, length: number): number {
  if (length === ENCODE_NO_ROOM) throw new Error("a head is larger than the largest block");
  if (length > 0) output.copy(target, LARGE_HEAD_START, length);
  return Math.max(length, 0);
}
