/**
 * Body bytes that must wait: for a filter that stopped, or for an upstream connection that is not there yet. Copied out
 * of core memory, since what a callback hands over is valid during the callback alone. The holder bounds it: it
 * pauses the source, or answers 413.
 */
export class HeldBody {
  bytes = 0;
  endStream = false;
  private pieces: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.pieces.length === 0 && !this.endStream;
  }

  push(memory: Uint8Array, address: number, length: number, endStream: boolean): void {
    if (length > 0) this.pieces.push(copyOf(memory, address, length));
    this.bytes += length;
    this.endStream = endStream;
  }

  /** Takes the oldest piece out; undefined when there is none. */
  shift(): Uint8Array | undefined {
    const piece = this.pieces.shift();
    if (piece !== undefined) this.bytes -= piece.length;
    return piece;
  }

  get hasPieces(): boolean {
    return this.pieces.length > 0;
  }

  clear(): void {
    if (this.pieces.length > 0) this.pieces = [];
    this.bytes = 0;
    this.endStream = false;
  }
}

/** A copy on the heap. Core memory is a Buffer, whose own `slice` would be a view. */
export function copyOf(memory: Uint8Array, address: number, length: number): Uint8Array {
  return Uint8Array.prototype.slice.call(memory, address, address + length);
}
