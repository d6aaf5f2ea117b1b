/** What an admin route is given, and what it answers. */

export interface AdminRequest {
  readonly method: string;
  /** Decoded parameters; a parameter without `=` has an empty value, of one name the last comes first. */
  readonly query: URLSearchParams;
  /** From the outside: what the page's own links are relative to. */
  readonly path: string;
  /** What came with the request, as text. */
  readonly body: string;
}

export interface AdminResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** `x-content-type-options` comes twice, as on Envoy's refusals of /config_dump. */
  readonly nosniffTwice?: boolean;
}

/** One parameter, for /help. */
export interface AdminParam {
  readonly name: string;
  readonly help: string;
  /** Values that the parameter may have. */
  readonly oneOf?: readonly string[];
}

/** One page. A new page is a file with a route and one line in routes.ts. */
export interface AdminRoute<Context> {
  readonly path: string;
  readonly help: string;
  /** Changes something: POST only. */
  readonly changes: boolean;
  readonly params?: readonly AdminParam[];
  /** Ours and not Envoy's: shown apart, so that /help stays Envoy's text. */
  readonly isOurs?: boolean;
  handle(context: Context, request: AdminRequest): AdminResponse | Promise<AdminResponse>;
}

export const TEXT = "text/plain; charset=UTF-8";
export const HTML = "text/html; charset=UTF-8";
export const JSON_TYPE = "application/json";

export function text(body: string, status = 200): AdminResponse {
  return { status, contentType: TEXT, body };
}

export const OK: AdminResponse = text("OK\n");

/** JSON as protobuf prints it for people: one space for each level, and a newline at the end. */
export function json(value: unknown): AdminResponse {
  return { status: 200, contentType: JSON_TYPE, body: `${JSON.stringify(value, null, 1)}\n` };
}

/**
 * The path and parameters of a request target, as Envoy's own connection manager would hand them to its admin pages: with `%xx` decoded in
 * names and values (and `+` left alone), slashes merged, and escaped letters in the path unescaped.
 */
export function parseTarget(target: string): { path: string; query: URLSearchParams } {
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  const query = parseQuery(at < 0 ? "" : target.slice(at + 1));
  return { path: unescapeLetters(path).replaceAll(/\/{2,}/g, "/"), query };
}

/** Parameters as a target and a form write them. */
export function parseQuery(text: string): URLSearchParams {
  const query = new URLSearchParams();
  // Backwards, so that the last of one name is the one that `get` gives.
  for (const pair of text.split("&").reverse()) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    query.append(decode(name), equals < 0 ? "" : decode(pair.slice(equals + 1)));
  }
  return query;
}

/** Percent-decoding that leaves alone what is no escape of UTF-8. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986 6.2.2.2: an escaped unreserved character is that character. */
function unescapeLetters(path: string): string {
  return path.replaceAll(/%([0-9a-fA-F]{2})/g, (escaped, hex: string) => {
    const letter = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(letter) ? letter : escaped;
  });
}
