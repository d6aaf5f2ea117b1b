/** Why no connection could be made, in Envoy's words (`%UPSTREAM_TRANSPORT_FAILURE_REASON%`). */

import type { CloseReason } from "../net/close_reason.ts";

/** What strerror says of the codes that a connect meets. */
const ERROR_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  EHOSTUNREACH: "No route to host",
  ENETUNREACH: "Network is unreachable",
  ENOENT: "No such file or directory",
  ETIMEDOUT: "Connection timed out",
  EADDRNOTAVAIL: "Cannot assign requested address",
};

/**
 * `delayed_connect_error:_Connection_refused`; a unix socket fails at once. Of TLS the text that it came with, with `_` for white
 * space, as in Envoy's response code details.
 */
export function transportFailureText({ code, transportFailure }: CloseReason, isPipe: boolean): string {
  if (transportFailure !== undefined) return transportFailure.replaceAll(" ", "_");
  if (code === "") return "";
  const text = ERROR_TEXTS[code] ?? code;
  return `${isPipe ? "immediate" : "delayed"}_connect_error:_${text.replaceAll(" ", "_")}`;
}
