/** Bodies of the answers that the proxy gives itself when the codec or the connection manager refuses (Envoy's words). */

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  413: "Payload Too Large",
  426: "Upgrade Required",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The reason phrase that stands as the body of a codec's refusal. */
export function codecErrorBody(status: number): string {
  return REASONS[status] ?? "";
}
