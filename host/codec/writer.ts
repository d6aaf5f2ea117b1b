/**
 * Encodes for a connection into the turn's gathered output. Where the slab has too little room left it is written out
 * first: an empty one always suffices (codec.ts). Each call gives the number of bytes that will go on the wire.
 */

import type { Output, OutputTarget } from "../net/output.ts";
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
  return committed(output, length);
}

function committed(output: Output, length: number): number {
  if (length <= 0) return 0;
  output.commit(length);
  return length;
}
