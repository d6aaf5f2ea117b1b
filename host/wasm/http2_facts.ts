/** What the core notes of an HTTP/2 connection (assembly/http2/connection.ts), read where it lies: a look costs a load, a call some ten nanoseconds. */

import type { Core } from "./core.ts";
import {
  H2_CONNECTION_BYTES,
  H2_CONNECTION_CONTROL,
  H2_CONNECTION_FACTS,
  H2_CONNECTION_OPEN_STREAMS,
  H2_CONNECTION_PEER_MAX_STREAMS,
  H2_CONNECTION_SLOT,
  H2_CONNECTIONS_START,
} from "./layout.gen.ts";

export class Http2Facts {
  private readonly words: Uint32Array;
  /** Index of the connection's first word; it holds as long as the handle. */
  private readonly start: number;

  constructor(core: Core, connection: number) {
    this.words = core.words;
    this.start = (H2_CONNECTIONS_START + (connection & H2_CONNECTION_SLOT) * H2_CONNECTION_BYTES) >> 2;
  }

  /** Whether one of the H2_FACT_... bits is set. */
  has(fact: number): boolean {
    return ((this.words[this.start + (H2_CONNECTION_FACTS >> 2)] as number) & fact) !== 0;
  }

  get hasControl(): boolean {
    return this.words[this.start + (H2_CONNECTION_CONTROL >> 2)] !== 0;
  }

  get openStreams(): number {
    return this.words[this.start + (H2_CONNECTION_OPEN_STREAMS >> 2)] as number;
  }

  /** SETTINGS_MAX_CONCURRENT_STREAMS of the peer. */
  get peerMaxStreams(): number {
    return this.words[this.start + (H2_CONNECTION_PEER_MAX_STREAMS >> 2)] as number;
  }
}
