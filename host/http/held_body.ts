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

  /** The oldest piece, which stays; null: there is none. */
  get first(): Uint8Array | null {
    return this.pieces[0] ?? null;
  }

  /** Takes so many bytes of the oldest piece out. */
  drop(length: number): void {
    const piece = this.pieces[0];
    if (piece === undefined || length === 0) return;
    if (length === piece.length) this.pieces.shift();
    else this.pieces[0] = piece.subarray(length);
    this.bytes -= length;
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
