/**
 * Runs bytes through a codec of HTTP/1 and writes down what it tells, in words that do not depend on how the bytes were cut: adjacent
 * content is joined, and the end of a message is a line of its own.
 */

import type { CodecListener, ServerCodec } from "../../host/codec/codec.ts";
import { Http1ClientCodec, type Http1ClientSettings } from "../../host/codec/http1_client.ts";
import { PendingEvents } from "../../host/codec/http1_codec.ts";
import { describeError } from "../../host/codec/http1_errors.ts";
import { Http1ServerCodec, type Http1ServerSettings } from "../../host/codec/http1_server.ts";
import { Core } from "../../host/wasm/core.ts";
import { HeaderMap } from "../../host/wasm/header_view.ts";
import {
  HEADERS_CHUNKED,
  HEADERS_CONTENT_LENGTH,
  HEADERS_END_STREAM,
  HEADERS_EXPECT_CONTINUE,
  HEADERS_HTTP10,
  HEADERS_KEEP_ALIVE,
  HEADERS_UPGRADE,
  OUTPUT_SLAB_BYTES,
  OUTPUT_SLABS_START,
  READ_BUFFER_BYTES,
  READ_BUFFER_START,
} from "../../host/wasm/layout.gen.ts";

export interface Head {
  readonly code: number;
  readonly flags: number;
  readonly fields: readonly (readonly [string, string])[];
}

export interface Message {
  readonly head: Head;
  content: Buffer;
  trailers: readonly (readonly [string, string])[] | null;
  isComplete: boolean;
}

const FLAG_WORDS: readonly (readonly [number, string])[] = [
  [HEADERS_HTTP10, "http10"],
  [HEADERS_KEEP_ALIVE, "keep-alive"],
  [HEADERS_UPGRADE, "upgrade"],
  [HEADERS_EXPECT_CONTINUE, "expect-continue"],
  [HEADERS_CHUNKED, "chunked"],
  [HEADERS_CONTENT_LENGTH, "content-length"],
];

/** One core and what belongs to it, for a whole test file. */
export class Bench {
  readonly core = new Core();
  readonly pending = new PendingEvents(this.core);
  /** Where encoders write, and how much room is there. */
  readonly out = OUTPUT_SLABS_START;
  readonly room = OUTPUT_SLAB_BYTES;

  /** Puts bytes where a read would, and returns their address. */
  place(bytes: Uint8Array): number {
    if (bytes.length > READ_BUFFER_BYTES) throw new Error(`${bytes.length} bytes are more than one read`);
    // What lies behind the bytes must not matter: fill it with what a lenient reader would trip over.
    this.core.bytes.fill(0x0a, READ_BUFFER_START + bytes.length, READ_BUFFER_START + bytes.length + 64);
    this.core.bytes.set(bytes, READ_BUFFER_START);
    return READ_BUFFER_START;
  }

  text(address: number, length: number): string {
    return this.core.bytes.toString("latin1", address, address + length);
  }

  fields(block: number): [string, string][] {
    const map = new HeaderMap(this.core);
    map.attach(block);
    return [...map.entries()];
  }

  /** A block with these fields, which the caller frees. */
  block(fields: readonly (readonly [string, string])[]): number {
    const map = new HeaderMap(this.core);
    if (!map.create()) throw new Error("no block");
    for (const [name, value] of fields) if (!map.add(name, value)) throw new Error(`no room for ${name}`);
    return map.detach();
  }

  server(settings: Partial<Http1ServerSettings> = {}): Http1ServerCodec {
    const codec = Http1ServerCodec.open(this.pending, { maxHeadBytes: 60 * 1024, maxHeaders: 100, ...settings });
    if (codec === null) throw new Error("no connection");
    return codec;
  }

  client(settings: Partial<Http1ClientSettings> = {}): Http1ClientCodec {
    const codec = Http1ClientCodec.open(this.pending, { maxHeadBytes: 60 * 1024, maxHeaders: 100, ...settings });
    if (codec === null) throw new Error("no connection");
    return codec;
  }
}

/** Writes down what a codec tells. */
export class Recorder implements CodecListener {
  readonly messages: Message[] = [];
  /** Name of the rule that was broken. */
  error = "";
  /** The refused head, where the codec has one. */
  refused: Head | null = null;
  /** Called when a message is complete. */
  onComplete: (streamId: number, message: Message) => void = () => {};
  onHead: (streamId: number, message: Message) => void = () => {};
  private readonly bench: Bench;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  onHeaders(streamId: number, block: number, flags: number, code: number): void {
    const fields = this.bench.fields(block);
    this.bench.core.exports.blockFree(block);
    const message: Message = {
      head: { code, flags: flags & ~HEADERS_END_STREAM, fields },
      content: Buffer.alloc(0),
      trailers: null,
      isComplete: false,
    };
    this.messages.push(message);
    this.onHead(streamId, message);
    if ((flags & HEADERS_END_STREAM) !== 0) this.complete(streamId);
  }

  onData(streamId: number, address: number, length: number, endStream: boolean): void {
    const { last } = this;
    last.content = Buffer.concat([last.content, this.bench.core.bytes.subarray(address, address + length)]);
    if (endStream) this.complete(streamId);
  }

  onTrailers(streamId: number, block: number): void {
    this.last.trailers = this.bench.fields(block);
    this.bench.core.exports.blockFree(block);
    this.complete(streamId);
  }

  onError(_streamId: number, code: number, block: number): void {
    this.error = describeError(code).rule;
    if (block === 0) return;
    this.refused = { code: 0, flags: 0, fields: this.bench.fields(block) };
    this.bench.core.exports.blockFree(block);
  }

  /** Everything, a line each. */
  log(): string[] {
    const lines: string[] = [];
    for (const message of this.messages) {
      const { head } = message;
      const words = FLAG_WORDS.filter(([bit]) => (head.flags & bit) !== 0).map(([, word]) => word);
      lines.push(`head ${head.code}${words.map((word) => ` ${word}`).join("")}`);
      for (const [name, value] of head.fields) lines.push(`  ${name}: ${quote(value)}`);
      if (message.content.length > 0) lines.push(`content ${brief(message.content)}`);
      if (message.trailers !== null) lines.push("trailers");
      for (const [name, value] of message.trailers ?? []) lines.push(`  ${name}: ${quote(value)}`);
      if (message.isComplete) lines.push("end");
    }
    if (this.error !== "") lines.push(`error ${this.error}`);
    return lines;
  }

  private get last(): Message {
    const last = this.messages.at(-1);
    if (last === undefined) throw new Error("content without a head");
    return last;
  }

  private complete(streamId: number): void {
    const { last } = this;
    last.isComplete = true;
    this.onComplete(streamId, last);
  }
}

/** Feeds bytes in pieces that end at `cuts` (ascending), as long as the codec wants them. Stops after an error, as an owner does. */
export function feedPieces(
  bench: Bench,
  codec: { feed(address: number, length: number): void },
  recorder: Recorder,
  bytes: Uint8Array,
  cuts: readonly number[],
): void {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    for (let at = from; at < cut; at += READ_BUFFER_BYTES) {
      if (recorder.error !== "") return;
      const piece = bytes.subarray(at, Math.min(cut, at + READ_BUFFER_BYTES));
      codec.feed(bench.place(piece), piece.length);
    }
    from = cut;
  }
}

/** Answers a stream with `200` and no content, and lets the codec go on. */
export function answer(bench: Bench, codec: ServerCodec, streamId: number, status = "200"): void {
  const block = bench.block([[":status", status]]);
  const length = codec.encodeHeaders(streamId, block, true, 0, bench.out, bench.room);
  bench.core.exports.blockFree(block);
  if (length <= 0) throw new Error("no room for an answer");
  if (!codec.closeAfterResponse) codec.proceed();
}

/** Bytes as printable text: latin1 with escapes. */
export function quote(text: string): string {
  return [...text].map((c) => (c >= " " && c <= "~" && c !== "\\" ? c : escaped(c))).join("");
}

function escaped(c: string): string {
  const short: Record<string, string> = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\" };
  return short[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

function brief(content: Buffer): string {
  if (content.length <= 100) return quote(content.toString("latin1"));
  return `${content.length} bytes, ${quote(content.toString("latin1", 0, 20))}...`;
}
