import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const GULP_BYTES = 4 * 1024 * 1024;
const REST_MS = 25;

/**
 * Reads a stream to its end in gulps with rests between, slower than any loopback can send: whoever stands before it must
 * hold back. Gives the number of bytes.
 */
export async function drainSlowly(stream: Readable, take: (piece: Buffer) => void): Promise<number> {
  let length = 0;
  let gulp = 0;
  for await (const piece of stream) {
    take(piece);
    length += piece.length;
    gulp += piece.length;
    if (gulp < GULP_BYTES) continue;
    gulp = 0;
    await sleep(REST_MS);
  }
  return length;
}
