/**
 * Rewrites of `:path` and `:authority` by a route. Texts that are known when the config is compiled lie in the config arena
 * and cost one core call; those made by regular expressions or from headers pass through JavaScript.
 */

import type { Route } from "../config/types/route.ts";
import type { Core } from "../wasm/core.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import {
  HEADER_PATH,
  REWRITE_FORWARDED_HOST,
  REWRITE_KEEP_ORIGINAL,
  REWRITE_WHOLE_PATH,
  SCRATCH_BYTES,
  SCRATCH_START,
} from "../wasm/layout.gen.ts";
import { writeLatin1 } from "../wasm/text.ts";
import type { RouteContext } from "./context.ts";
import type { ProgramMemory } from "./program_memory.ts";
import { utf8 } from "./program_writer.ts";
import { compileSubstitution } from "./regex/substitute.ts";
import type { RequestRewrite } from "./route_entry.ts";

type Step = (headers: HeaderMap, keepOriginal: boolean) => boolean;

/** The rewrites of a forwarding route, authority first, as Envoy does. Undefined: none. */
export function compileRewrite(route: Route, context: RouteContext, memory: ProgramMemory): RequestRewrite | undefined {
  return joined([
    authorityStep(route.route ?? {}, context, memory),
    pathStep(route.match, route.route ?? {}, context, memory),
  ]);
}

/** The path rewrite of a redirect, which its location shows. Undefined: none. */
export function compileRedirectRewrite(
  route: Route,
  context: RouteContext,
  memory: ProgramMemory,
): RequestRewrite | undefined {
  return joined([pathStep(route.match, route.redirect ?? {}, context, memory)]);
}

/** A literal authority for one weighted cluster; Envoy does not keep what was there. */
export function compileLiteralHost(host: string, context: RouteContext, memory: ProgramMemory): RequestRewrite {
  const replace = literalHost(host, 0, context, memory);
  return { apply: (headers) => replace(headers, false) };
}

/** Both, in this order. */
export function bothRewrites(first: RequestRewrite | undefined, second: RequestRewrite | undefined) {
  return joined([first?.apply, second?.apply]);
}

/**
 * Replaces the authority by the name of the host picked (`auto_host_rewrite`); an empty name leaves it.
 *
 * @returns false: no room
 */
export function rewriteAuthority(
  headers: HeaderMap,
  host: string,
  keepOriginal: boolean,
  appendForwardedHost: boolean,
): boolean {
  const { core } = headers;
  if (host === "") return true;
  const length = writeLatin1(core.bytes, SCRATCH_START, host, SCRATCH_BYTES);
  if (length < 0) return false;
  const flags = (keepOriginal ? REWRITE_KEEP_ORIGINAL : 0) | (appendForwardedHost ? REWRITE_FORWARDED_HOST : 0);
  headers.block = core.exports.rewriteAuthority(headers.block, SCRATCH_START, length, flags);
  return core.result(0) !== 0;
}

function joined(steps: readonly (Step | undefined)[]): RequestRewrite | undefined {
  const [first, second] = steps.filter((step) => step !== undefined);
  if (first === undefined) return undefined;
  if (second === undefined) return { apply: first };
  return { apply: (headers, keepOriginal) => first(headers, keepOriginal) && second(headers, keepOriginal) };
}

function authorityStep(
  action: NonNullable<Route["route"]>,
  context: RouteContext,
  memory: ProgramMemory,
): Step | undefined {
  const append = action.append_x_forwarded_host === true;
  if (action.host_rewrite_literal !== undefined && action.host_rewrite_literal !== "") {
    return literalHost(action.host_rewrite_literal, append ? REWRITE_FORWARDED_HOST : 0, context, memory);
  }
  const header = action.host_rewrite_header;
  if (header !== undefined && header !== "") {
    const name = header.toLowerCase();
    return (headers, keepOriginal) => {
      const at = headers.find(name, 0);
      return at < 0 || rewriteAuthority(headers, headers.valueAt(at), keepOriginal, append);
    };
  }
  if (action.host_rewrite_path_regex !== undefined) {
    const substitute = compileSubstitution(action.host_rewrite_path_regex);
    return (headers, keepOriginal) =>
      rewriteAuthority(headers, substitute(pathWithoutQuery(headers)), keepOriginal, append);
  }
  return undefined;
}

function literalHost(host: string, flags: number, context: RouteContext, memory: ProgramMemory): Step {
  const { core } = context;
  const bytes = utf8(host);
  const address = memory.store(bytes);
  return (headers, keepOriginal) => {
    headers.block = core.exports.rewriteAuthority(
      headers.block,
      address,
      bytes.length,
      keepOriginal ? flags | REWRITE_KEEP_ORIGINAL : flags,
    );
    return core.result(0) !== 0;
  };
}

type PathRewrite = Pick<NonNullable<Route["route"]>, "prefix_rewrite" | "regex_rewrite">;

function pathStep(
  match: Route["match"],
  action: PathRewrite,
  context: RouteContext,
  memory: ProgramMemory,
): Step | undefined {
  const { core } = context;
  if (action.prefix_rewrite !== undefined && action.prefix_rewrite !== "") {
    // What the route matched is what is replaced; a regular expression matches the whole path.
    const matched = match.prefix ?? match.path ?? match.path_separated_prefix;
    const bytes = utf8(action.prefix_rewrite);
    const address = memory.store(bytes);
    return pathCall(core, matched === undefined ? REWRITE_WHOLE_PATH : utf8(matched).length, address, bytes.length);
  }
  if (action.regex_rewrite !== undefined) {
    const substitute = compileSubstitution(action.regex_rewrite);
    return (headers, keepOriginal) => {
      const length = writeLatin1(core.bytes, SCRATCH_START, substitute(pathWithoutQuery(headers)), SCRATCH_BYTES);
      if (length < 0) return false;
      return pathCall(core, REWRITE_WHOLE_PATH, SCRATCH_START, length)(headers, keepOriginal);
    };
  }
  return undefined;
}

function pathCall(core: Core, matched: number, address: number, length: number): Step {
  return (headers, keepOriginal) => {
    headers.block = core.exports.rewritePath(
      headers.block,
      matched,
      address,
      length,
      keepOriginal ? REWRITE_KEEP_ORIGINAL : 0,
    );
    return core.result(0) !== 0;
  };
}

/** `:path` up to the query or fragment, in latin1. */
function pathWithoutQuery(headers: HeaderMap): string {
  const path = headers.getId(HEADER_PATH) ?? "";
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}
