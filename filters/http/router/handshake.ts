/** What an upstream's answer means for a WebSocket handshake (RFC 6455 4.1), as Envoy reads it. */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import { HEADER_CONTENT_LENGTH, HEADER_UPGRADE } from "../../../host/wasm/layout.gen.ts";

/**
 * Whether a 2xx or 3xx stands where 101 was asked for. Its head is then made one without content, to be the last that the client
 * gets: who waits for frames has no use for a page. Errors go on as any response does.
 */
export function endsHandshake(stream: TerminalStream, status: number, headers: HeaderMap): boolean {
  if (!stream.isUpgrade || status < 200 || status >= 400) return false;
  if (stream.requestHeaders.getId(HEADER_UPGRADE)?.toLowerCase() !== "websocket") return false;
  stream.responseCodeDetails = "websocket_handshake_unsuccessful";
  headers.removeId(HEADER_CONTENT_LENGTH);
  return true;
}
