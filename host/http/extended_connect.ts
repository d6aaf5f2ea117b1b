/**
 * Extended CONNECT (RFC 8441) and the upgrade of HTTP/1 say the same: filters, routes and upstreams see the latter, as in Envoy, whichever the
 * client speaks.
 */

import type { Core } from "../wasm/core.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import {
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_METHOD,
  HEADER_PROTOCOL,
  HEADER_STATUS,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  METHOD_GET,
} from "../wasm/layout.gen.ts";

/** Makes the head of an extended CONNECT one that asks for an upgrade; null: it is a plain CONNECT. The block's owner takes the one that is given back. */
export function asUpgrade(core: Core, block: number): { readonly block: number; readonly method: number } | null {
  const headers = new HeaderMap(core);
  headers.attach(block);
  const protocol = headers.getId(HEADER_PROTOCOL);
  if (protocol === undefined) return null;
  headers.removeId(HEADER_PROTOCOL);
  headers.setId(HEADER_METHOD, "GET");
  headers.setId(HEADER_UPGRADE, protocol);
  headers.setId(HEADER_CONNECTION, "upgrade");
  return { block: headers.detach(), method: METHOD_GET };
}

/** The answer to it: a copy of the head with 200 for 101, and nothing of the connection. The caller frees it; 0: no block is left. */
export function asExtendedAnswer(core: Core, block: number): number {
  const copy = core.exports.blockClone(block);
  if (copy === 0) return 0;
  const headers = new HeaderMap(core);
  headers.attach(copy);
  headers.setId(HEADER_STATUS, "200");
  headers.removeId(HEADER_UPGRADE);
  headers.removeId(HEADER_CONNECTION);
  headers.removeId(HEADER_CONTENT_LENGTH);
  headers.removeId(HEADER_TRANSFER_ENCODING);
  return headers.detach();
}
