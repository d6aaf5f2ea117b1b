/**
 * Bytes of a match program (`assembly/route/program.ts`) while it is being written: a growing buffer in which every
 * reference is an offset from its start, so that no address is needed until all of it is known.
 */

const INITIAL_BYTES = 4096;

export class ProgramWriter {
  private bytes = new Uint8Array(INITIAL_BYTES);
  private view = new DataView(this.bytes.buffer);
  private end = 0;
  private readonly texts = new Map<string, number>();

  /** Reserves `length` zeroed bytes that start on a multiple of 8. @returns their offset */
  reserve(length: number): number {
    const offset = (this.end + 7) & ~7;
    this.end = offset + length;
    if (this.end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.end));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return offset;
  }

  u32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  u16(offset: number, value: number): void {
    this.view.setUint16(offset, value, true);
  }

  u8(offset: number, value: number): void {
    this.bytes[offset] = value;
  }

  i64(offset: number, value: bigint): void {
    this.view.setBigInt64(offset, value, true);
  }

  copy(offset: number, from: Uint8Array): void {
    this.bytes.set(from, offset);
  }

  /** Stores a text once. @returns its offset */
  text(text: Uint8Array): number {
    const key = Buffer.from(text).toString("latin1");
    let offset = this.texts.get(key);
    if (offset === undefined) {
      offset = this.reserve(text.length);
      this.copy(offset, text);
      this.texts.set(key, offset);
    }
    return offset;
  }

  /** The program as it stands. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, (this.end + 7) & ~7);
  }
}

/** Text of the config (UTF-8) as the bytes that a head holds. */
export function utf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** ASCII letters in lower case, other bytes as they are: how the core compares without regard to case. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
