/**
 * What the connection manager does with the head of an answer that leaves, the last thing before the wire: the route's
 * mutations, whether the connection goes on after it, the forwarding rules, the encoder, stats.
 */

import { FORWARDED_BLOCK, RESPONSE_INTERIM } from "../wasm/layout.gen.ts";
import type { HttpStream } from "./stream.ts";

/** Interim answers that are passed on, where it is asked for at all; Envoy drops the others too. */
const PASSED_ON: ReadonlySet<number> = new Set([100, 102, 103, 104]);

/** @param isSwitch the connection becomes a tunnel behind this head */
export function writeResponseHead(stream: HttpStream, endStream: boolean, isSwitch: boolean): void {
  const { http, manager, responseHead, route, worker } = stream;
  const { core } = worker;
  const status = stream.responseCode;
  if (route !== null && !route.responseMutations.empty) {
    // Envoy makes the headers of an answer of its own before it notes the status: %RESPONSE_CODE% is 0 in them.
    if (stream.repliesItself) stream.responseCode = 0;
    route.responseMutations.apply(responseHead, stream);
    stream.responseCode = status;
  }
  http.beforeHead(stream.requestEnded);
  core.exports.forwardResponse(responseHead.block, manager.forwardParams, stream.requestHeaders.block, 0);
  responseHead.block = core.result(FORWARDED_BLOCK);
  stream.responseHeaderBytes = http.writeHead(responseHead.block, endStream && !isSwitch, isSwitch);
  manager.stats.answered(status);
  stream.virtualCluster?.answered(status);
}

/** A 1xx of the upstream; takes the block over. */
export function writeInterimHead(stream: HttpStream, block: number, status: number): void {
  const { http, manager, worker } = stream;
  const { core } = worker;
  if (!manager.proxy100Continue || stream.responseStarted || !PASSED_ON.has(status)) {
    core.exports.blockFree(block);
    return;
  }
  manager.stats.answered(status);
  core.exports.forwardResponse(block, manager.forwardParams, stream.requestHeaders.block, RESPONSE_INTERIM);
  const forwarded = core.result(FORWARDED_BLOCK);
  http.writeInterim(forwarded);
  core.exports.blockFree(forwarded);
}
