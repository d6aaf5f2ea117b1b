// The forwarding rules on one head, for tests: a list of fields in, a list of fields out.

import { ConfigArena } from "../../host/wasm/config_arena.ts";
import type { Core } from "../../host/wasm/core.ts";
import {
  type ForwardParams,
  forwardedClient,
  openForwardPeer,
  setDate,
  storeForwardParams,
  storeNameList,
} from "../../host/wasm/forward.ts";
import { HeaderMap } from "../../host/wasm/header_view.ts";
import { BLOCK_STATUS, FORWARDED_BLOCK, FORWARDED_FACTS } from "../../host/wasm/layout.gen.ts";

export type Fields = readonly (readonly [name: string, value: string])[];

/** A connection manager whose config says nothing, on a machine with one address. */
export const PLAIN: ForwardParams = {
  useRemoteAddress: false,
  xffNumTrustedHops: 0,
  skipXffAppend: false,
  generateRequestId: false,
  preserveExternalRequestId: false,
  alwaysSetRequestIdInResponse: false,
  appendXForwardedPort: false,
  serverHeaderTransformation: "OVERWRITE",
  forwardClientCertDetails: "SANITIZE",
  serverName: "envoy",
  via: "",
  userAgent: null,
  nodeId: "",
  scheme: "",
  localAddress: "10.9.9.9",
  internalRanges: [],
  internalUnixSockets: false,
};

export interface Peer {
  readonly address: string;
  readonly port?: number;
  readonly https?: boolean;
  /** Text of the client's certificate details. */
  readonly certificate?: string;
}

/** What became of one head. */
export interface Rewritten {
  /** 0, or why it was refused. */
  readonly code: number;
  readonly facts: number;
  readonly client: string;
  readonly fields: [name: string, value: string][];
  /** Values of a name, joined. */
  get(name: string): string | undefined;
}

export class ForwardRules {
  readonly core: Core;
  private readonly arena: ConfigArena;

  constructor(core: Core) {
    this.core = core;
    this.arena = new ConfigArena(core);
    setDate(core, 0);
  }

  request(params: Partial<ForwardParams>, peer: Peer, fields: Fields, internalOnly: readonly string[] = []): Rewritten {
    const { core, arena } = this;
    const record = storeForwardParams(arena, { ...PLAIN, ...params });
    const names = storeNameList(arena, internalOnly);
    const handle = openForwardPeer(core, peer.address, peer.port ?? 8080, peer.https ?? false);
    let certificate = 0;
    if (peer.certificate !== undefined) {
      certificate = arena.store(Buffer.from(peer.certificate, "latin1"));
      core.exports.forwardPeerCertificate(handle, certificate, peer.certificate.length);
    }
    const block = this.block(fields);
    const code = core.exports.forwardRequest(block, record, handle, names);
    const result = this.take(code);
    core.exports.forwardPeerClose(handle);
    for (const at of [record, names, certificate]) if (at !== 0) arena.release(at);
    return result;
  }

  response(params: Partial<ForwardParams>, fields: Fields, request: Fields | null, flags = 0, status = 200): Rewritten {
    const { core, arena } = this;
    const record = storeForwardParams(arena, { ...PLAIN, ...params });
    const asked = request === null ? 0 : this.block(request);
    const block = this.block(fields);
    core.words[(block + BLOCK_STATUS) >> 2] = status;
    const code = core.exports.forwardResponse(block, record, asked, flags);
    const result = this.take(code);
    if (asked !== 0) core.exports.blockFree(asked);
    arena.release(record);
    return result;
  }

  private block(fields: Fields): number {
    const map = new HeaderMap(this.core);
    map.create();
    for (const [name, value] of fields) if (!map.add(name, value)) throw new Error(`no room for ${name}`);
    return map.detach();
  }

  private take(code: number): Rewritten {
    const { core } = this;
    const facts = core.result(FORWARDED_FACTS);
    const client = code === 0 ? forwardedClient(core) : "";
    const map = new HeaderMap(core);
    map.attach(core.result(FORWARDED_BLOCK));
    const fields = [...map.entries()];
    map.release();
    const get = (name: string) => {
      const values = fields.filter(([other]) => other === name).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join("|");
    };
    return { code, facts, client, fields, get };
  }
}
