/**
 * The far end of a connection of a simulated proxy that speaks HTTP/2: a client, made of a core of its own. What it hears it writes down in the words of
 * Http2Peer: `HEADERS 1 200 end`, `DATA 1 text`, `RESET 1 8`, `GOAWAY 0 1`.
 */

import type { NetOptions } from "../../host/net/socket.ts";
import { FarEnd } from "./far_end.ts";
import { Http2Bench, type Http2Peer, type Settings } from "./http2_bench.ts";
import type { Fields } from "./http2_frames.ts";

const bench = new Http2Bench();

export class Http2FarEnd extends FarEnd {
  readonly peer: Http2Peer;
  private readonly bytes: Uint8Array;

  constructor(options: NetOptions, settings: Settings = {}) {
    super(options);
    this.bytes = options.readBuffer.bytes;
    this.peer = bench.client(settings);
    this.peer.fetch();
  }

  /** Says what the peer has said so far. */
  flush(): this {
    this.send(this.peer.takeSent());
    return this;
  }

  /** A request with this body, or without its end. The stream's id, which may have been started before GOAWAY came. */
  ask(fields: Fields, body: string | null = "", id = this.peer.start()): number {
    this.peer.head(id, fields, body === "");
    if (body !== null && body !== "") this.say(id, body, true);
    this.flush();
    return id;
  }

  /** Content of a request; how much of it the windows took. */
  say(id: number, text: string, ends = false): number {
    const taken = this.peer.data(id, Buffer.from(text, "latin1"), ends);
    this.flush();
    return taken;
  }

  cancel(id: number, code: number): void {
    this.peer.reset(id, code);
    this.flush();
  }

  /** All that was heard of one stream, or of the connection (0), without frames of our own. */
  heard(id: number): string[] {
    return this.peer.log.filter((line) => !line.startsWith(">") && (line.split(" ")[1] ?? "0") === String(id));
  }

  /** GOAWAY that were heard: last stream and code. */
  get goaways(): string[] {
    return this.peer.log.filter((line) => line.startsWith("GOAWAY"));
  }

  content(id: number): string {
    return this.peer.content.get(id)?.toString("latin1") ?? "";
  }

  override onRead(address: number, length: number): void {
    this.receivedBytes += length;
    this.peer.feed(Buffer.from(this.bytes.subarray(address, address + length)));
    if (this.socket.isOpen) this.flush();
    this.whenRead();
  }

  override onEnd(): void {
    this.isEnded = true;
    if (this.endsOnFin) this.socket.end();
  }
}

/** Gives the peers' core back what they held. */
export function leaksOfPeers(ends: readonly Http2FarEnd[]): [number, number, number] {
  for (const { peer } of ends) peer.close();
  return bench.leaks();
}
