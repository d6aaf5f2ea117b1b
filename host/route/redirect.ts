/** Redirects and direct responses: the answer that a route gives by itself (`config.route.v3.RedirectAction`). */

import type { RedirectAction as RedirectConfig, Route } from "../config/types/route.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import { HEADER_AUTHORITY, HEADER_PATH, HEADER_SCHEME, HEADER_X_FORWARDED_PROTO } from "../wasm/layout.gen.ts";
import { utf8AsLatin1 } from "../wasm/text.ts";
import type { RouteContext } from "./context.ts";
import type { ProgramMemory } from "./program_memory.ts";
import { compileRedirectRewrite } from "./rewrite.ts";
import type { DirectResponseAction, RedirectAction } from "./route_entry.ts";

const STATUS = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
} as const;

export function compileRedirect(route: Route, context: RouteContext, memory: ProgramMemory): RedirectAction {
  const config = route.redirect ?? {};
  return {
    status: STATUS[config.response_code ?? "MOVED_PERMANENTLY"],
    rewrite: compileRedirectRewrite(route, context, memory),
    location: compileLocation(config),
  };
}

/** Throws an Error when the body is longer than the table allows or its file cannot be read. */
export function compileDirectResponse(route: Route, maxBodyBytes: number, context: RouteContext): DirectResponseAction {
  const { status = 200, body } = route.direct_response ?? {};
  let bytes: Uint8Array | undefined;
  if (body?.inline_string !== undefined) bytes = Buffer.from(body.inline_string, "utf8");
  else if (body?.inline_bytes !== undefined) bytes = Buffer.from(body.inline_bytes, "base64");
  else if (body?.filename !== undefined) bytes = context.readFile(body.filename);
  else if (body?.environment_variable !== undefined) {
    bytes = Buffer.from(process.env[body.environment_variable] ?? "", "utf8");
  }
  if (bytes !== undefined && bytes.length > maxBodyBytes) {
    throw new Error(`the body of the direct response has ${bytes.length} bytes, the limit is ${maxBodyBytes}`);
  }
  const named = status === 201 || (status >= 300 && status < 400);
  return {
    status,
    body: bytes === undefined || bytes.length === 0 ? undefined : bytes,
    location: named ? compileLocation({}) : undefined,
  };
}

/** Builds the URL of a location from what the redirect fixes and what the request gives. */
function compileLocation(config: RedirectConfig): (headers: HeaderMap) => string {
  const scheme = utf8AsLatin1(config.scheme_redirect || (config.https_redirect === true ? "https" : ""));
  const host = utf8AsLatin1(config.host_redirect ?? "");
  const port = config.port_redirect === undefined || config.port_redirect === 0 ? "" : `:${config.port_redirect}`;
  const path = utf8AsLatin1(config.path_redirect ?? "");
  const pathHasQuery = path.includes("?");
  const stripQuery = config.strip_query === true && !pathHasQuery;
  return (headers) => {
    const newScheme = scheme || (headers.getId(HEADER_SCHEME) ?? "");
    const newHost = host || hostOfRequest(headers, newScheme, port !== "");
    const requested = headers.getId(HEADER_PATH) ?? "";
    const query = requested.indexOf("?");
    let newPath = path || requested;
    if (path !== "" && !pathHasQuery && query >= 0) newPath += requested.slice(query);
    if (stripQuery) newPath = newPath.split("?", 1)[0] ?? "";
    return `${newScheme}://${newHost}${port}${newPath}`;
  };
}

/** The request's authority; without its port when the redirect sets one, or when it is the default of a scheme that changes. */
function hostOfRequest(headers: HeaderMap, newScheme: string, hasNewPort: boolean): string {
  const authority = headers.getId(HEADER_AUTHORITY) ?? "";
  const bracket = authority.startsWith("[") ? authority.lastIndexOf("]:") : -2;
  const colon = bracket === -2 ? authority.lastIndexOf(":") : bracket === -1 ? -1 : bracket + 1;
  if (colon < 0) return authority;
  const port = authority.slice(colon);
  const proto = headers.getId(HEADER_X_FORWARDED_PROTO) ?? "";
  const isDefault = (proto === "https" && port === ":443") || (proto === "http" && port === ":80");
  return hasNewPort || (newScheme !== proto && isDefault) ? authority.slice(0, colon) : authority;
}
