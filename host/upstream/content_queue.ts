/**
 * Content of one message that waits in memory: for a window of the peer, or for a reader that stands still. Copied out of core memory, since what a callback
 * hands over is valid during the callback alone. Its bound is whoever feeds it: one read of the client after it was paused, or the window of the stream.
 */

/** What is given out at a time: no more than a read, since that is what everybody behind has room for. */
export const CONTENT_PIECE_BYTES = 65_536;

export class ContentQueue {
  bytes = 0;
  /** The message ends behind what waits. */
  ends = false;
  private pieces: Uint8Array[] = [];
  /** Bytes of the first piece that have gone. */
  private gone = 0;

  get isEmpty(): boolean {
    return this.pieces.length === 0 && !this.ends;
  }

  push(memory: Uint8Array, address: number, length: number): void {
    for (let at = 0; at < length; at += CONTENT_PIECE_BYTES) {
      const end = Math.min(at + CONTENT_PIECE_BYTES, length);
      // Core memory is a Buffer, whose own `slice` would be a view.
      this.pieces.push(Uint8Array.prototype.slice.call(memory, address + at, address + end));
    }
    this.bytes += length;
  }

  /** The oldest bytes; undefined without any. */
  get first(): Uint8Array | undefined {
    const piece = this.pieces[0];
    return this.gone === 0 ? piece : piece?.subarray(this.gone);
  }

  /** So many of the oldest have gone; no more than `first` has. */
  drop(bytes: number): void {
    this.bytes -= bytes;
    this.gone += bytes;
    if (this.gone < (this.pieces[0] as Uint8Array).length) return;
    this.gone = 0;
    this.pieces.shift();
  }

  clear(): void {
    if (this.pieces.length > 0) this.pieces = [];
    this.bytes = 0;
    this.gone = 0;
    this.ends = false;
  }
}
