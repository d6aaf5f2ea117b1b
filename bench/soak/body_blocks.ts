/** Bodies too large to keep: blocks of 64 KiB, each different from all others, made when they are wanted. */
import { createHash } from "node:crypto";

export const BLOCK_BYTES = 64 * 1024;

/** A block's content is a fixed pattern with its number all over it, so that a block lost, doubled or moved shows. */
function block(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 64) {
    bytes.fill(at >> 6, at, at + 64);
    bytes.writeUInt32LE(number, at);
    bytes.writeUInt32LE(at, at + 4);
  }
  return bytes;
}

export function* blocks(count: number): Generator<Buffer> {
  for (let number = 0; number < count; number++) yield block(number);
}

export function hashOfBlocks(count: number): string {
  const hash = createHash("sha256");
  for (const piece of blocks(count)) hash.update(piece);
  return hash.digest("hex");
}
