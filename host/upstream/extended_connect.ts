/**
 * An upgrade of HTTP/1.1 as HTTP/2 says it: extended CONNECT (RFC 8441), there and back. A stream knows upgrades as HTTP/1.1 has them, whatever its client speaks.
 */

import { createHash } from "node:crypto";
import type { HeaderMap } from "../wasm/header_view.ts";
import {
  BLOCK_STATUS,
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_METHOD,
  HEADER_PATH,
  HEADER_PROTOCOL,
  HEADER_SCHEME,
  HEADER_STATUS,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
} from "../wasm/layout.gen.ts";

/** RFC 6455 1.3. */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Turns the head of an upgrade into that of an extended CONNECT. False: the block has no room. */
export function toExtendedConnect(head: HeaderMap, protocol: string): boolean {
  head.removeId(HEADER_UPGRADE);
  head.removeId(HEADER_CONNECTION);
  head.removeId(HEADER_TRANSFER_ENCODING);
  if (head.getId(HEADER_CONTENT_LENGTH) === "0") head.removeId(HEADER_CONTENT_LENGTH);
  return head.setId(HEADER_METHOD, "CONNECT") && head.setId(HEADER_PROTOCOL, protocol);
}

/** A CONNECT names whom to connect to and nothing else (RFC 9113 8.5). */
export function toPlainConnect(head: HeaderMap): void {
  head.removeId(HEADER_SCHEME);
  head.removeId(HEADER_PATH);
}

/**
 * Turns the head of a 200 into that of a 101. False: the block has no room.
 * @param key sec-websocket-key of the request: HTTP/2 knows no answer to it (RFC 8441 5), and HTTP/1.1 none without
 */
export function toSwitchingProtocols(head: HeaderMap, protocol: string, key: string | undefined): boolean {
  head.removeId(HEADER_CONTENT_LENGTH);
  if (protocol.toLowerCase() === "websocket" && key !== undefined && !head.has("sec-websocket-accept")) {
    const accept = createHash("sha1").update(key, "latin1").update(WEBSOCKET_GUID).digest("base64");
    if (!head.set("sec-websocket-accept", accept)) return false;
  }
  head.core.words[(head.block + BLOCK_STATUS) >> 2] = 101;
  return (
    head.setId(HEADER_STATUS, "101") && head.setId(HEADER_UPGRADE, protocol) && head.setId(HEADER_CONNECTION, "upgrade")
  );
}
