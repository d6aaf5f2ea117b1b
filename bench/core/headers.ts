/** Header blocks and the forwarding rules, piece by piece: where the time of an exchange goes when it is neither parsing nor writing. */
import { ConfigArena } from "../../host/wasm/config_arena.ts";
import type { Core } from "../../host/wasm/core.ts";
import { openForwardPeer, setDate, storeForwardParams } from "../../host/wasm/forward.ts";
import { HeaderMap } from "../../host/wasm/header_view.ts";
import {
  DATE_BYTES,
  DATE_TEXT,
  FORWARDED_BLOCK,
  HEADER_COOKIE,
  HEADER_ORIGIN,
  HEADER_PATH,
  HEADER_USER_AGENT,
  HEADER_VIA,
} from "../../host/wasm/layout.gen.ts";
import { type CoreCase, FORWARD } from "./exchange.ts";

const REQUEST: readonly (readonly [string, string])[] = [
  [":method", "GET"],
  [":path", "/bytes/1024"],
  [":authority", "bench.example:10000"],
  [":scheme", "http"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) bench/1.0"],
  ["accept", "text/html,application/json;q=0.9,*/*;q=0.8"],
  ["accept-encoding", "gzip, deflate, br"],
  ["cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"],
  ["x-custom-one", "1"],
  ["x-custom-two", "2"],
];

const RESPONSE: readonly (readonly [string, string])[] = [
  [":status", "200"],
  ["server", "bench-upstream"],
  ["content-type", "text/plain"],
  ["content-length", "1024"],
  ["cache-control", "no-cache"],
  ["etag", '"5f3c-61a9"'],
];

/** Each case leaves the core as it found it; two blocks are kept for all of them. */
export function headerCases(core: Core): CoreCase[] {
  const { exports } = core;
  const request = filled(core, REQUEST);
  const response = filled(core, RESPONSE);
  const params = storeForwardParams(new ConfigArena(core), FORWARD);
  const peer = openForwardPeer(core, "203.0.113.7", 10_000, false);
  setDate(core, 0);

  const cases: Record<string, () => void> = {
    "copy a head of 10 fields and free it": () => exports.blockFree(exports.blockClone(request.block)),
    "the same, and forward it as a request": () => {
      exports.forwardRequest(exports.blockClone(request.block), params, peer, 0);
      exports.blockFree(core.result(FORWARDED_BLOCK));
    },
    "the same, a response of 6 fields": () => {
      exports.forwardResponse(exports.blockClone(response.block), params, request.block, 0);
      exports.blockFree(core.result(FORWARDED_BLOCK));
    },
    "find a known name": () => exports.headerFindId(request.block, HEADER_COOKIE),
    "miss a known name": () => exports.headerFindId(request.block, HEADER_ORIGIN),
    "add a field and remove it": () => {
      request.block = exports.headerAddId(request.block, HEADER_VIA, DATE_TEXT, DATE_BYTES);
      exports.headerRemoveId(request.block, HEADER_VIA);
    },
    "read :path as a string": () => request.getId(HEADER_PATH),
    "read user-agent as a string": () => request.getId(HEADER_USER_AGENT),
    "read an unknown name as a string": () => request.get("x-custom-two"),
    "ask for an unknown name that is absent": () => request.get("x-custom-three"),
    "set an unknown name": () => request.set("x-custom-two", "2"),
  };
  return Object.entries(cases).map(([name, run]) => ({ name, bytes: 0, run }));
}

function filled(core: Core, fields: readonly (readonly [string, string])[]): HeaderMap {
  const map = new HeaderMap(core);
  map.create();
  for (const [name, value] of fields) map.add(name, value);
  return map;
}
