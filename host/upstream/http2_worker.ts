/** What all HTTP/2 connections of a worker to upstreams share. */

import type { PooledSlab } from "../net/slab_pool.ts";
import type { Core } from "../wasm/core.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import { CONTENT_PIECE_BYTES } from "./content_queue.ts";
import { Http2Exchange } from "./http2_exchange.ts";

/** More free ones than this are left to the garbage collector. */
const FREE_EXCHANGES_MAX = 4096;

export class Http2UpstreamWorker {
  /** For looking at a head, and for changing one, between two callbacks. */
  readonly head: HeaderMap;
  private readonly core: Core;
  /** A run of core memory for content that waited on the heap: a piece of an answer, and behind it one of a request. */
  private readonly slab: PooledSlab;
  private readonly free: Http2Exchange[] = [];
  private isDelivering = false;
  private readonly due: Http2Exchange[] = [];

  constructor(core: Core, slab: PooledSlab) {
    this.core = core;
    this.slab = slab;
    this.head = new HeaderMap(core);
  }

  take(): Http2Exchange {
    return this.free.pop() ?? new Http2Exchange(this);
  }

  giveBack(exchange: Http2Exchange): void {
    if (this.free.length < FREE_EXCHANGES_MAX) this.free.push(exchange);
  }

  /** Puts a piece of a request where a codec can read it; nothing else is lent this place before the codec has. */
  lendRequest(piece: Uint8Array): number {
    const address = this.slab.offset + CONTENT_PIECE_BYTES;
    this.core.bytes.set(piece, address);
    return address;
  }

  /** Puts a piece of an answer where filters can read it, inside `deliver`. */
  lendAnswer(piece: Uint8Array): number {
    this.core.bytes.set(piece, this.slab.offset);
    return this.slab.offset;
  }

  /** Lets an exchange tell what waited. One at a time: what one of them lends must not be overwritten by another that it wakes. */
  deliver(exchange: Http2Exchange): void {
    this.due.push(exchange);
    if (this.isDelivering) return;
    this.isDelivering = true;
    for (let next = this.due.shift(); next !== undefined; next = this.due.shift()) next.tellWaiting();
    this.isDelivering = false;
  }
}
