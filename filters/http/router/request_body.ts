/**
 * Content of a request that is not with the upstream yet, or that a later try may need again. Copied out of core memory; the holder
 * bounds it: it pauses the client, or gives up the later tries.
 */

import { copyOf } from "../../../host/http/held_body.ts";

export class RequestBody {
  /** Pieces stay when they are sent, for another try. */
  private isKept = false;
  private pieces: Uint8Array[] = [];
  /** The piece that is sent next. */
  private next = 0;
  /** Of the pieces that are here. */
  bytes = 0;
  /** Its end is here. */
  endStream = false;

  /** From now on nothing is forgotten. */
  keep(): void {
    this.isKept = true;
  }

  get keeps(): boolean {
    return this.isKept;
  }

  push(memory: Uint8Array, address: number, length: number, endStream: boolean): void {
    if (length > 0) this.pieces.push(copyOf(memory, address, length));
    this.bytes += length;
    this.endStream = endStream;
  }

  /** There is something to send. */
  get hasMore(): boolean {
    return this.next < this.pieces.length;
  }

  take(): Uint8Array {
    const piece = this.pieces[this.next] as Uint8Array;
    this.next++;
    if (!this.isKept && !this.hasMore) this.drop();
    return piece;
  }

  /** Another try: all of it is sent again. */
  rewind(): void {
    this.next = 0;
  }

  /** There will be no other try: what is sent may go. */
  forget(): void {
    this.isKept = false;
    this.pieces = this.pieces.slice(this.next);
    this.next = 0;
  }

  clear(): void {
    this.isKept = false;
    this.endStream = false;
    this.drop();
  }

  private drop(): void {
    if (this.pieces.length > 0) this.pieces = [];
    this.next = 0;
    this.bytes = 0;
  }
}
