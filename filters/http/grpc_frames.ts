/**
 * Messages of gRPC on the wire (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"):
 *
 *   flags (1 byte) | length (4 bytes, big endian) | message
 */

export const FRAME_HEADER_BYTES = 5;

/** The prefix of a message that is not compressed. */
export function frameHeader(messageBytes: number): Uint8Array {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(messageBytes, 1);
  return header;
}

/** Follows the messages of one direction through pieces that end anywhere. */
export class FrameReader {
  /** Bytes of the prefix that are here. */
  private prefixBytes = 0;
  private length = 0;
  /** Bytes of the message that are still to come. */
  private rest = 0;

  /** No message is begun. */
  get isBetween(): boolean {
    return this.prefixBytes === 0;
  }

  /** Up to which of these bytes the message goes that is begun, or begins with them; `bytes.length` when it goes on behind. */
  next(bytes: Uint8Array, from: number): number {
    let at = from;
    while (this.prefixBytes < FRAME_HEADER_BYTES) {
      if (at === bytes.length) return at;
      const byte = bytes[at] as number;
      this.length = this.prefixBytes === 0 ? 0 : this.length * 256 + byte;
      this.prefixBytes++;
      at++;
      this.rest = this.length;
    }
    const taken = Math.min(this.rest, bytes.length - at);
    this.rest -= taken;
    if (this.rest === 0) this.prefixBytes = 0;
    return at + taken;
  }

  /** How many messages begin in these bytes. */
  count(bytes: Uint8Array): number {
    let begun = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.isBetween) begun++;
      at = this.next(bytes, at);
    }
    return begun;
  }
}
