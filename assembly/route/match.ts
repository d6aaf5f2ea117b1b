// Which route a request takes: the virtual host by its authority, then the first route in order whose rules all hold.

import { blockAt, fieldAt, fieldValue } from "../header/block";
import { METHOD_CONNECT } from "../header/method";
import { HEADER_CONTENT_TYPE, HEADER_PATH } from "../header/names";
import { headerFind, headerFindId, headerFindNext } from "../header/read";
import { findVirtualHost } from "./domains";
import { headersMatch } from "./header_match";
import { endOfPath } from "./path";
import {
  HEADER_NAME_LENGTH,
  HEADER_NAME_TEXT,
  NO_ROUTE,
  NO_VIRTUAL_HOST,
  PATH_CONNECT,
  PATH_EXACT,
  PATH_KIND_MASK,
  PATH_PREFIX,
  PATH_REGEX,
  PATH_SEPARATED_PREFIX,
  ROUTE_BYTES,
  ROUTE_GRPC,
  ROUTE_HEADERS,
  ROUTE_IGNORE_CASE,
  ROUTE_INDEX,
  ROUTE_LIST_COUNT,
  ROUTE_LIST_ROUTES,
  ROUTE_PATH,
  ROUTE_QUERY,
  ROUTE_TEXT,
  ROUTE_TEXT_LENGTH,
  ROUTE_TOTAL_WEIGHT,
  ROUTE_WEIGHT_HEADER,
  ROUTE_WEIGHTED_FIRST,
  ROUTE_WEIGHTS,
  ROUTES_FLAGS,
  ROUTES_IGNORE_PATH_PARAMETERS,
  VERDICT_GRPC,
  VERDICT_HEADERS,
  VERDICT_MATCH,
  VERDICT_PATH,
  VERDICT_QUERY,
  VIRTUAL_HOST_TREE,
} from "./program";
import { queryMatches } from "./query_match";
import { regexMatch } from "./regex";
import { textEquals } from "./text";
import { treeOutcome } from "./tree";

/** Index of the route (of the weighted cluster, chosen by `random`) that the request takes, or NO_VIRTUAL_HOST or NO_ROUTE. */
export function routeMatch(program: u32, block: u32, random: u32): i32 {
  const host = findVirtualHost(program, block);
  if (host == 0) return NO_VIRTUAL_HOST;
  const list = routeList(program, host, block);
  if (list == 0) return NO_ROUTE;
  const count = load<u32>(program + list + ROUTE_LIST_COUNT);
  let route = program + load<u32>(program + list + ROUTE_LIST_ROUTES);
  readPath(program, block);
  for (let i: u32 = 0; i < count; i++) {
    if (verdict(program, route, block) == VERDICT_MATCH) return chosen(program, route, block, random);
    route += ROUTE_BYTES;
  }
  return NO_ROUTE;
}

/** Offset of the virtual host that the request belongs to, or 0: the first step of `routeMatch`, for `explain`. */
export function routeVirtualHost(program: u32, block: u32): u32 {
  return findVirtualHost(program, block);
}

/** Offset of the list of routes that a virtual host has for the request, or 0: its own, or the one that its match tree leads to. */
export function routeList(program: u32, host: u32, block: u32): u32 {
  const tree = load<u32>(program + host + VIRTUAL_HOST_TREE);
  return tree == 0 ? host : treeOutcome(program, tree, block);
}

/** Why route `i` of a list does not match (VERDICT_), for `explain`. */
export function routeVerdict(program: u32, list: u32, i: u32, block: u32): u32 {
  assert(i < load<u32>(program + list + ROUTE_LIST_COUNT));
  readPath(program, block);
  return verdict(program, program + load<u32>(program + list + ROUTE_LIST_ROUTES) + i * ROUTE_BYTES, block);
}

// The path of the request at hand: read once, tried against many routes.
let path: usize = 0;
/** Up to `?` or `#` (and `;`, where path parameters are ignored). */
let pathLength: u32 = 0;
/** With the query. */
let wholeLength: u32 = 0;
let hasPath: bool = false;

function readPath(program: u32, block: u32): void {
  const found = headerFindId(block, HEADER_PATH);
  hasPath = found >= 0;
  pathLength = 0;
  wholeLength = 0;
  if (!hasPath) return;
  const field = fieldAt(block, found);
  path = fieldValue(block, field);
  wholeLength = field.valueLength;
  const ignoreParameters = (load<u32>(program + ROUTES_FLAGS) & ROUTES_IGNORE_PATH_PARAMETERS) != 0;
  pathLength = endOfPath(path, wholeLength, ignoreParameters);
}

/** The path first: it is cheapest and tells most routes apart. */
function verdict(program: u32, route: u32, block: u32): u32 {
  const rule = load<u32>(route + ROUTE_PATH);
  if (!pathMatches(program, route, rule, block)) return VERDICT_PATH;
  if ((rule & ROUTE_GRPC) != 0 && !isGrpc(block)) return VERDICT_GRPC;
  const headers = load<u32>(route + ROUTE_HEADERS);
  if (headers != 0 && !headersMatch(program, headers, block)) return VERDICT_HEADERS;
  const query = load<u32>(route + ROUTE_QUERY);
  if (query != 0 && !queryMatches(program, query, path, wholeLength)) return VERDICT_QUERY;
  return VERDICT_MATCH;
}

function pathMatches(program: u32, route: u32, rule: u32, block: u32): bool {
  const kind = rule & PATH_KIND_MASK;
  if (kind == PATH_CONNECT) return blockAt(block).method == METHOD_CONNECT;
  // A CONNECT without a path matches no other kind.
  if (!hasPath) return false;
  const text: usize = program + load<u32>(route + ROUTE_TEXT);
  const length = load<u32>(route + ROUTE_TEXT_LENGTH);
  const ignoreCase = (rule & ROUTE_IGNORE_CASE) != 0;
  switch (kind) {
    case PATH_PREFIX:
      return pathLength >= length && textEquals(text, path, length, ignoreCase);
    case PATH_EXACT:
      return pathLength == length && textEquals(text, path, length, ignoreCase);
    case PATH_SEPARATED_PREFIX:
      return (
        (pathLength == length || (pathLength > length && load<u8>(path + length) == 0x2f)) &&
        textEquals(text, path, length, ignoreCase)
      );
    case PATH_REGEX:
      return regexMatch(<u32>text, path, pathLength);
    default:
      assert(false);
      return false;
  }
}

/** The route's index, or that of the weighted cluster within whose share the dice fall. */
function chosen(program: u32, route: u32, block: u32, random: u32): i32 {
  const total = load<u32>(route + ROUTE_TOTAL_WEIGHT);
  if (total == 0) return load<i32>(route + ROUTE_INDEX);
  let dice: u64 = random;
  const name = load<u32>(route + ROUTE_WEIGHT_HEADER);
  if (name != 0) dice = diceOfHeader(program, program + name, block, dice);
  const pick = <u32>(dice % total);
  const sums = program + load<u32>(route + ROUTE_WEIGHTS);
  let i: u32 = 0;
  while (pick >= load<u32>(sums + i * 4)) i++;
  return load<u32>(route + ROUTE_WEIGHTED_FIRST) + i;
}

/** The number in the header of that name, if there is one such field and it holds a number; else `dice`. */
function diceOfHeader(program: u32, name: u32, block: u32, dice: u64): u64 {
  const text: usize = program + load<u32>(name + HEADER_NAME_TEXT);
  const length = load<u32>(name + HEADER_NAME_LENGTH);
  const found = headerFind(block, text, length);
  if (found < 0 || headerFindNext(block, text, length, found + 1) >= 0) return dice;
  const field = fieldAt(block, found);
  const value = fieldValue(block, field);
  const digits = field.valueLength;
  let number: u64 = 0;
  for (let i: u32 = 0; i < digits; i++) {
    const digit: u64 = <u64>load<u8>(value + i) - 0x30;
    if (digit > 9 || number > (u64.MAX_VALUE - digit) / 10) return dice;
    number = number * 10 + digit;
  }
  return digits == 0 ? dice : number;
}

/** The head has a content type of gRPC: `application/grpc`, alone or followed by `+`. */
export function isGrpc(block: u32): bool {
  const found = headerFindId(block, HEADER_CONTENT_TYPE);
  if (found < 0) return false;
  const field = fieldAt(block, found);
  const value = fieldValue(block, field);
  if (field.valueLength < 16) return false;
  // "application/grpc" as two words.
  if (load<u64>(value) != 0x7461_6369_6c70_7061 || load<u64>(value, 8) != 0x6370_7267_2f6e_6f69) return false;
  return field.valueLength == 16 || load<u8>(value, 16) == 0x2b;
}
