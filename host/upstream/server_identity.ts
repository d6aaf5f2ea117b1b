/** Whom a connection with TLS is for, where each request says so (UpstreamHttpProtocolOptions): `auto_sni`, `auto_san_validation`. */

import { isIP } from "node:net";
import type { UpstreamHttpProtocolOptions } from "../config/types/core.ts";
import type { ServerIdentity } from "../net/tls/client_context.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import { HEADER_AUTHORITY } from "../wasm/layout.gen.ts";

/** As the TLS context says. */
export const CONFIGURED: ServerIdentity = { serverName: "", expected: "" };

/** Longer ones are no name of a host (RFC 1035 2.3.4). */
const NAME_MAX = 253;

export function identityOf(options: UpstreamHttpProtocolOptions, headers: HeaderMap): ServerIdentity {
  const { override_auto_sni_header: header = "" } = options;
  const given = header === "" ? undefined : headers.get(header.toLowerCase());
  const name = hostOf(given ?? headers.getId(HEADER_AUTHORITY) ?? "");
  if (name.length > NAME_MAX) return CONFIGURED;
  return {
    // An address is no server name (RFC 6066 3).
    serverName: options.auto_sni === true && isIP(name) === 0 ? name : "",
    expected: options.auto_san_validation === true ? name : "",
  };
}

/** Without port and brackets. */
function hostOf(authority: string): string {
  if (authority.startsWith("[")) return authority.slice(1, Math.max(authority.indexOf("]"), 1));
  const colon = authority.lastIndexOf(":");
  return (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase();
}
