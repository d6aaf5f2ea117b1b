/**
 * An upstream of a simulated proxy that speaks HTTP/2: over a core of its own, or in raw frames. It is told what to say and when, and keeps what it hears, stream by
 * stream.
 */

import type { CloseReason } from "../../host/net/close_reason.ts";
import type { OutputSlab, Socket, SocketOwner } from "../../host/net/socket.ts";
import type { Http2Bench, Http2Peer, Settings } from "./http2_bench.ts";
import { type Fields, frame, GOAWAY, RST_STREAM, SETTINGS, settings, u32 } from "./http2_frames.ts";

/** Octets that it writes at a time. */
const WRITE_MAX = 16_384;

export interface HeardStream {
  readonly id: number;
  readonly head: Fields;
  body: Buffer;
  trailers: Fields | null;
  isComplete: boolean;
  /** The code with which the proxy reset it; null: it did not. */
  resetBy: number | null;
}

interface Saying {
  bytes: Buffer;
  readonly ends: boolean;
  readonly trailers: Fields | null;
}

export class Http2UpstreamEnd implements SocketOwner {
  readonly socket: Socket;
  readonly peer: Http2Peer;
  readonly streams = new Map<number, HeardStream>();
  /** What the proxy did wrong, or took for wrong. */
  broken = "";
  goawayFrom: number | null = null;
  closedBy: CloseReason | null = null;
  /** PING frames that were answered to us. */
  pingAcks = 0;
  /** Frames of the proxy's own that came, as words. */
  whenStream: (stream: HeardStream) => void = () => {};
  whenComplete: (stream: HeardStream) => void = () => {};
  whenRead: () => void = () => {};
  /** Says nothing, not even SETTINGS. */
  private isMute = false;
  private readonly memory: Uint8Array;
  /** What came of a frame that is not whole; null: frames are not looked at. */
  private cut: Buffer | null = null;
  private acksBeside = 0;
  private readonly saying = new Map<number, Saying>();

  constructor(socket: Socket, memory: Uint8Array, bench: Http2Bench, options: Settings = {}) {
    this.socket = socket;
    this.memory = memory;
    this.peer = bench.server({ maxStreams: 1_000, ...options });
    socket.owner = this;
  }

  get isClosed(): boolean {
    return this.closedBy !== null;
  }

  /** The streams whose requests are whole. */
  get complete(): readonly HeardStream[] {
    return [...this.streams.values()].filter(({ isComplete }) => isComplete);
  }

  // --- to be told ------------------------------------------------------------------------------------------------------

  head(stream: number, fields: Fields, endStream = false): void {
    this.peer.head(stream, fields, endStream);
    this.flush();
  }

  /** What finds no window waits until there is one. */
  data(stream: number, bytes: Uint8Array | string, endStream = false, trailers: Fields | null = null): void {
    this.saying.set(stream, { bytes: Buffer.from(bytes as string, "latin1"), ends: endStream, trailers });
    this.sayMore(stream);
    this.flush();
  }

  reset(stream: number, error: number): void {
    this.saying.delete(stream);
    this.peer.reset(stream, error);
    this.flush();
  }

  answer(stream: number, body: string, fields: Fields = []): void {
    this.head(stream, [[":status", "200"], ...fields]);
    this.data(stream, body, true);
  }

  goaway(last: number, error = 0): void {
    this.raw(frame(GOAWAY, 0, 0, u32(last, error)));
  }

  mute(): void {
    this.isMute = true;
  }

  /** Says what it has kept to itself. */
  speak(): void {
    this.isMute = false;
    this.flush();
  }

  /** Octets as they are, whatever they mean. */
  raw(bytes: Buffer): void {
    if (bytes.length > 0 && !this.isClosed) this.socket.write(new Octets(bytes), bytes.length);
  }

  /** SETTINGS beside those of its core, which would not understand a second acknowledgement: it does not hear of it. */
  changeSettings(values: Readonly<Record<number, number>>): void {
    this.cut ??= Buffer.alloc(0);
    this.acksBeside++;
    this.raw(settings(values));
  }

  rawReset(stream: number, error: number): void {
    this.raw(frame(RST_STREAM, 0, stream, u32(error)));
  }

  /** Opens the windows of content that came and was not reported. */
  consume(stream: number, bytes: number): void {
    this.peer.consumed(stream, bytes);
    this.flush();
  }

  // --- the socket ------------------------------------------------------------------------------------------------------

  onConnect(): void {}

  onRead(address: number, length: number): void {
    this.peer.feed(this.ofCore(Buffer.from(this.memory.subarray(address, address + length))));
    this.hear();
    this.whenRead();
    if (!this.isMute) this.flush();
  }

  onEnd(): void {
    this.socket.end();
  }

  onDrain(): void {}

  onClose(reason: CloseReason): void {
    this.closedBy = reason;
    this.peer.close();
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  /** Whole frames, when acknowledgements are to be taken out. */
  private ofCore(bytes: Buffer): Buffer {
    if (this.cut === null) return bytes;
    let input = Buffer.concat([this.cut, bytes]);
    const frames: Buffer[] = [];
    while (input.length >= 9 && input.length >= 9 + input.readUIntBE(0, 3)) {
      const frame = input.subarray(0, 9 + input.readUIntBE(0, 3));
      input = input.subarray(frame.length);
      if (frame[3] === SETTINGS && this.acksBeside > 0) this.acksBeside--;
      else frames.push(frame);
    }
    this.cut = input;
    return Buffer.concat(frames);
  }

  private hear(): void {
    for (const line of this.peer.take()) {
      const [word = "", id = "0", rest = ""] = line.split(" ", 3);
      const stream = this.streams.get(Number(id));
      if (word === "HEADERS") this.open(Number(id), line.endsWith(" end"));
      else if (word === "DATA" && stream !== undefined) this.heardData(stream, line.endsWith(" end"));
      else if (word === "TRAILERS" && stream !== undefined) this.heardTrailers(stream);
      else if (word === "RESET" && stream !== undefined) this.heardReset(stream, Number(rest));
      else if (word === "WRITABLE") this.sayMore(Number(id));
      else if (word === "ERROR") this.broken ||= line;
      else if (word === "GOAWAY") this.goawayFrom = Number(rest);
    }
  }

  private open(id: number, ends: boolean): void {
    const head = this.peer.heads.get(id)?.[0] ?? [];
    const stream: HeardStream = { id, head, body: Buffer.alloc(0), trailers: null, isComplete: ends, resetBy: null };
    this.streams.set(id, stream);
    this.whenStream(stream);
    if (ends) this.whenComplete(stream);
  }

  private heardData(stream: HeardStream, ends: boolean): void {
    stream.body = this.peer.content.get(stream.id) ?? stream.body;
    if (!ends) return;
    stream.isComplete = true;
    this.whenComplete(stream);
  }

  private heardTrailers(stream: HeardStream): void {
    stream.trailers = this.peer.heads.get(stream.id)?.at(-1) ?? [];
    stream.isComplete = true;
    this.whenComplete(stream);
  }

  private heardReset(stream: HeardStream, error: number): void {
    stream.resetBy = error;
    this.saying.delete(stream.id);
  }

  private sayMore(id: number): void {
    const saying = this.saying.get(id);
    if (saying === undefined) return;
    const { ends, trailers } = saying;
    do {
      const piece = saying.bytes.subarray(0, WRITE_MAX);
      const isLast = piece.length === saying.bytes.length;
      const taken = this.peer.data(id, piece, ends && isLast && trailers === null);
      if (taken < 0) {
        this.saying.delete(id);
        return;
      }
      saying.bytes = saying.bytes.subarray(taken);
      if (taken < piece.length) return;
    } while (saying.bytes.length > 0);
    this.saying.delete(id);
    if (trailers !== null) this.peer.trailers(id, trailers);
  }

  private flush(): void {
    this.raw(this.peer.takeSent());
  }
}

class Octets implements OutputSlab {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  view(length: number): Uint8Array {
    return this.bytes.subarray(0, length);
  }

  release(): void {}
}

/** The value of a field; undefined without. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  return fields.find(([n]) => n === name)?.[1];
}
