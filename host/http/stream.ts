/**
 * One request and its answer. Taken from the pool when a head arrives, given back when both directions are over; read
 * from top to bottom it is the life of a request (docs/life_of_a_request.md).
 *
 *   begin -> admit -> route -> filters down to the terminal one            request
 *   respondHeaders -> filters up -> encode -> ... -> finish                 response, upstream's or a local reply
 *
 * `finish` is the one way out: permits returned, stats, access log, `explain`, blocks freed.
 */

import type { Recyclable } from "../net/turn.ts";
import type { RouteEntry, RouteTable } from "../route/route_entry.ts";
import { OVERLOAD_MANAGER_TERMINATED } from "../stream_info/response_flags.ts";
import type { StreamInfo } from "../stream_info/stream_info.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import {
  HEADER_CONTENT_TYPE,
  HEADER_EXPECT,
  HEADER_STATUS,
  HEADER_UPGRADE,
  HEADERS_END_STREAM,
  HEADERS_EXPECT_CONTINUE,
  HEADERS_UPGRADE,
  METHOD_CONNECT,
  METHOD_HEAD,
  NO_ROUTE,
} from "../wasm/layout.gen.ts";
import { writeLatin1 } from "../wasm/text.ts";
import type { ConnectionManager } from "./connection_manager.ts";
import type { BodyEdit, HttpFilter } from "./filter.ts";
import { RequestLine, ResponseLine } from "./filter_lines.ts";
import { FilterRun } from "./filter_run.ts";
import { FlowControl } from "./flow_control.ts";
import type { HttpWorker } from "./http_worker.ts";
import { becomeGrpcReply, becomeTextReply } from "./local_reply.ts";
import { admit } from "./request_admission.ts";
import { writeInterimHead, writeResponseHead } from "./response_head.ts";
import type { ServerExchange } from "./server_exchange.ts";
import { StreamFacts } from "./stream_facts.ts";
import { StreamTimers } from "./stream_timers.ts";
import type { TerminalStream } from "./terminal_stream.ts";

/** Body bytes that may wait for a filter before the client is paused. */
const HELD_BODY_BYTES = 65_536;

export class HttpStream extends StreamFacts implements TerminalStream, Recyclable {
  manager!: ConnectionManager;
  private readonly requestTrailerMap: HeaderMap;

  /** NO_ROUTE or NO_VIRTUAL_HOST when `route` is null. */
  routeResult = NO_ROUTE;
  private routes!: RouteTable;
  private isRouted = false;
  private random = 0;

  // Where the stream stands.
  method = 0;
  requestEnded = false;
  responseStarted = false;
  private responseEnded = false;
  private isFinished = false;
  isUpgrade = false;
  isGrpc = false;
  private upgradeAccepted = false;
  private waitsForContinue = false;
  /** The answer is the proxy's own; what an upstream still says has no reader. */
  repliesItself = false;

  /** Those that serve this stream; the first `filterCount` of them. */
  readonly filters: HttpFilter[] = [];
  filterCount = 0;
  private readonly requestRun: FilterRun;
  private readonly responseRun: FilterRun;
  readonly requestBody: BodyEdit;
  readonly responseBody: BodyEdit;
  readonly timers: StreamTimers;
  readonly flow: FlowControl;

  constructor(worker: HttpWorker) {
    super(worker);
    this.requestTrailerMap = new HeaderMap(worker.core);
    this.requestRun = new FilterRun(new RequestLine(this));
    this.responseRun = new FilterRun(new ResponseLine(this));
    this.requestBody = this.requestRun;
    this.responseBody = this.responseRun;
    this.timers = new StreamTimers(this);
    this.flow = new FlowControl(this);
  }

  // --- the request -----------------------------------------------------------------------------------------------------

  /** A head has arrived. */
  begin(http: ServerExchange, block: number, flags: number, method: number, protocol: number): void {
    this.reset(http);
    const { manager } = this;
    this.requestHeaders.attach(block);
    this.method = method;
    this.protocol = protocol;
    const endStream = (flags & HEADERS_END_STREAM) !== 0;
    this.isUpgrade = (flags & HEADERS_UPGRADE) !== 0 || method === METHOD_CONNECT;
    // As it came: a filter may turn it into a call of gRPC, or make something else of one.
    this.isGrpc = this.requestHeaders.hasId(HEADER_CONTENT_TYPE) && this.worker.core.exports.isGrpc(block) !== 0;
    this.timers.begin(endStream);
    if (endStream) this.endRequest();
    if ((flags & HEADERS_EXPECT_CONTINUE) !== 0 && !manager.proxy100Continue) {
      this.requestHeaders.removeId(HEADER_EXPECT);
      this.waitsForContinue = true;
    }
    if (this.worker.overload.stopsRequests) {
      manager.stats.rqOverloadClose.inc();
      this.sendLocalReply(503, "envoy overloaded", "overload", OVERLOAD_MANAGER_TERMINATED);
      return;
    }
    if (!admit(this, flags)) return;
    this.matchRoute();
    // A CONNECT without a route is the router's to refuse: 404.
    const isRefused = this.isUpgrade && (this.route !== null || method !== METHOD_CONNECT) && !this.upgradeAllowed();
    if (isRefused) {
      manager.stats.rqWsOnNonWsRoute.inc();
      this.sendLocalReply(403, "", "upgrade_failed", 0);
      return;
    }
    if (this.waitsForContinue) {
      this.waitsForContinue = false;
      manager.stats.answered(100);
      http.writeContinue();
    }
    this.filterCount = manager.chain.open(this, this.filters);
    this.requestRun.headers(endStream);
  }

  /** A head that could not be read, or never came: there is nothing but an answer. `block` is what was read of it, or 0. */
  beginRefused(http: ServerExchange, block: number, hasArrived: boolean, protocol: number): void {
    this.reset(http);
    if (hasArrived) this.endRequest();
    if (block !== 0) this.requestHeaders.attach(block);
    this.protocol = protocol;
  }

  onRequestData(address: number, length: number, endStream: boolean): void {
    this.bytesReceived += length;
    this.timers.touch();
    if (endStream) this.endRequest();
    if (!this.isOver) this.requestRun.data(address, length, endStream);
  }

  onRequestTrailers(block: number): void {
    this.endRequest();
    this.requestTrailerMap.attach(block);
    if (!this.isOver) this.requestRun.trailers();
  }

  /** The client broke a rule in the middle of its request. */
  onRequestError(status: number, body: string, details: string, flags: number): void {
    if (this.responseStarted) {
      this.setFlag(flags);
      this.abort(details);
    } else {
      this.sendLocalReply(status, body, details, flags);
    }
  }

  /** The downstream connection is gone or the client has left. */
  onConnectionGone(flags: number, details: string): void {
    if (this.isFinished) return;
    if (!this.responseEnded || !this.requestEnded) this.manager.stats.rqRxReset.inc();
    this.setFlag(flags);
    this.responseCodeDetails = details;
    this.finish(false);
  }

  private endRequest(): void {
    this.requestEnded = true;
    this.requestEndMs = this.worker.clock.now();
    this.timers.onRequestEnd();
  }

  // --- the route -------------------------------------------------------------------------------------------------------

  private matchRoute(): void {
    this.isRouted = true;
    const index = this.routes.match(this.requestHeaders.block, this.random);
    this.routeResult = index;
    const route = index >= 0 ? (this.routes.routes[index] as RouteEntry) : null;
    this.route = route;
    if (route?.forward !== undefined) this.timers.onRoute(route.forward);
  }

  /** Matches now if `clearRouteCache` was called. */
  ensureRoute(): void {
    if (!this.isRouted) this.matchRoute();
  }

  clearRouteCache(): void {
    this.isRouted = false;
  }

  routeConfig<T>(filterName: string): T | undefined {
    this.ensureRoute();
    return this.route?.perFilterConfig.get(filterName) as T | undefined;
  }

  get routedCluster(): string {
    this.ensureRoute();
    return this.route?.forward?.cluster ?? "";
  }

  routeConfigs<T>(filterName: string): readonly T[] {
    this.ensureRoute();
    return (this.route?.perFilterConfigs.get(filterName) ?? []) as readonly T[];
  }

  private upgradeAllowed(): boolean {
    const type =
      this.method === METHOD_CONNECT ? "connect" : (this.requestHeaders.getId(HEADER_UPGRADE) ?? "").toLowerCase();
    const forward = this.route?.forward;
    return forward?.upgrades.get(type) ?? this.manager.upgrades.get(type) ?? false;
  }

  // --- verbs of a filter -----------------------------------------------------------------------------------------------

  get info(): StreamInfo {
    return this;
  }

  continueRequest(): void {
    this.requestRun.resume();
    this.worker.turn.endSoon();
  }

  continueResponse(): void {
    this.responseRun.resume();
    this.worker.turn.endSoon();
  }

  bufferRequest(maxBytes: number): void {
    this.requestRun.wantWholeBody(maxBytes);
  }

  setFlag(bits: number): void {
    this.responseFlags |= bits;
  }

  sendLocalReply(
    status: number,
    body: string,
    details: string,
    flags: number,
    edit?: (headers: HeaderMap) => void,
    grpcStatus?: number,
  ): void {
    if (this.isOver) return;
    this.worker.turn.endSoon();
    if (this.responseStarted) {
      this.setFlag(flags);
      this.abort(details);
      return;
    }
    this.responseMap.release();
    if (!this.responseMap.create()) {
      this.abort("no_header_block");
      return;
    }
    this.setFlag(flags);
    this.responseCodeDetails = details;
    this.repliesItself = true;
    const headers = this.responseMap;
    const isHead = this.method === METHOD_HEAD;
    if (this.isGrpc) {
      edit?.(headers);
      becomeGrpcReply(headers, status, isHead ? undefined : Buffer.from(body, "latin1"), grpcStatus);
      this.reply(200, 0, 0);
      return;
    }
    const { core, loan } = this.worker;
    const length = writeLatin1(core.bytes, loan.offset, body, HELD_BODY_BYTES);
    becomeTextReply(headers, status, length);
    edit?.(headers);
    this.reply(status, loan.offset, isHead ? 0 : length);
  }

  private reply(status: number, address: number, length: number): void {
    if (this.responseRun.hasStarted) this.replaceResponse(status, address, length);
    else this.respondWith(status, address, length);
  }

  /**
   * Filters have seen the head of another answer, which none of the client has: what they hold of it is dropped, and the new
   * one goes past them, as with Envoy.
   */
  private replaceResponse(status: number, address: number, length: number): void {
    this.responseRun.begin(HELD_BODY_BYTES);
    this.responseTrailerMap.release();
    this.responseCode = status;
    this.encodeHeaders(length === 0);
    if (length > 0 && !this.isOver) this.encodeData(address, length, true);
  }

  /** An answer with a ready body: a direct response. `headers` are those of `newResponse()`. */
  respondBytes(status: number, body: Uint8Array | undefined, details: string): void {
    this.repliesItself = true;
    this.responseCodeDetails = details;
    const isHead = this.method === METHOD_HEAD;
    if (this.isGrpc) {
      becomeGrpcReply(this.responseMap, status, isHead ? undefined : body);
      this.respondWith(200, 0, 0);
      return;
    }
    if (body === undefined || body.length === 0 || isHead) {
      this.respondWith(status, 0, 0);
      return;
    }
    this.respondHeaders(status, false);
    for (let at = 0; at < body.length && !this.isOver; ) {
      const piece = body.subarray(at, at + HELD_BODY_BYTES);
      at += piece.length;
      this.respondData(this.lend(piece), piece.length, at === body.length);
    }
  }

  private respondWith(status: number, address: number, length: number): void {
    this.respondHeaders(status, length === 0);
    if (length > 0 && !this.isOver) this.respondData(address, length, true);
  }

  // --- the response ----------------------------------------------------------------------------------------------------

  /** An empty head for an answer of our own; null: the core has no block left. */
  newResponse(): HeaderMap | null {
    this.responseMap.release();
    return this.responseMap.create() ? this.responseMap : null;
  }

  /** Takes over the head that came from the upstream. */
  takeResponse(block: number): HeaderMap {
    this.responseMap.release();
    this.responseMap.attach(block);
    return this.responseMap;
  }

  respondHeaders(status: number, endStream: boolean): void {
    this.responseCode = status;
    this.timers.touch();
    this.responseRun.headers(endStream);
  }

  respondData(address: number, length: number, endStream: boolean): void {
    this.timers.touch();
    this.responseRun.data(address, length, endStream);
  }

  respondTrailers(block: number): void {
    this.responseTrailerMap.attach(block);
    this.responseRun.trailers();
  }

  /** An informational response (1xx) from the upstream. */
  respondInformational(block: number, status: number): void {
    writeInterimHead(this, block, status);
  }

  /** The head leaves. */
  encodeHeaders(endStream: boolean): void {
    this.responseStarted = true;
    // A filter may have made another status of it.
    if (this.filterCount > 1) this.responseCode = Number(this.responseMap.getId(HEADER_STATUS));
    this.downstreamFirstTxMs = this.worker.clock.now();
    const isSwitch = this.isUpgrade && this.acceptsUpgrade(this.responseCode);
    writeResponseHead(this, endStream, isSwitch);
    if (isSwitch) this.becomeTunnel();
    else if (endStream) this.endResponse();
  }

  encodeData(address: number, length: number, endStream: boolean): void {
    this.bytesSent += length;
    if (length > 0 || endStream) this.http.writeData(address, length, endStream);
    if (endStream) this.endResponse();
  }

  encodeTrailers(): void {
    this.http.writeTrailers(this.responseTrailerMap.block);
    this.endResponse();
  }

  private acceptsUpgrade(status: number): boolean {
    return this.method === METHOD_CONNECT ? status >= 200 && status < 300 : status === 101;
  }

  private becomeTunnel(): void {
    const { stats } = this.manager;
    this.upgradeAccepted = true;
    stats.cxUpgradesTotal.inc();
    stats.cxUpgradesActive.inc();
    this.http.tunnel();
  }

  abort(details: string): void {
    if (this.isFinished) return;
    this.responseCodeDetails = details;
    this.manager.stats.rqTxReset.inc();
    this.manager.stats.rqRxReset.inc();
    this.finish(false);
  }

  /** It is written to its end; the client may leave no room for the last of it yet. */
  private endResponse(): void {
    this.responseEnded = true;
    if (!this.http.holdsResponse) this.onResponseOut();
  }

  /** The last of the answer has left. */
  onResponseOut(): void {
    if (this.isFinished) return;
    this.downstreamLastTxMs = this.worker.clock.now();
    if (this.upstreamLastRxMs >= 0) this.virtualCluster?.recordTime(this.upstreamLastRxMs - this.requestEndMs);
    if (!this.requestEnded) this.manager.stats.rqRxReset.inc();
    this.finish(true);
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  get isOver(): boolean {
    return this.isFinished;
  }

  private finish(isWhole: boolean): void {
    if (this.isFinished) return;
    this.isFinished = true;
    const { filters, http, manager, worker } = this;
    const { stats } = manager;
    this.endMs = worker.clock.now();
    this.timers.end();
    for (let i = 0; i < this.filterCount; i++) (filters[i] as HttpFilter).onStreamEnd?.(this);
    this.flow.end();
    stats.rqActive.dec();
    stats.rqTime.record(this.endMs - this.startMs);
    if (this.upgradeAccepted) stats.cxUpgradesActive.dec();
    const { accessLogs } = manager;
    for (let i = 0; i < accessLogs.length; i++) accessLogs[i]?.log(this);
    worker.observer.onStreamEnd(this);
    this.requestHeaders.release();
    this.responseMap.release();
    this.responseTrailerMap.release();
    this.requestTrailerMap.release();
    http.onStreamEnd(this, isWhole);
  }

  recycle(): void {
    this.worker.streams.giveBack(this);
  }

  private reset(http: ServerExchange): void {
    const { manager, worker } = http;
    const { stats } = manager;
    this.beginFacts(http);
    this.manager = manager;
    this.routes = manager.routes;
    this.routeResult = NO_ROUTE;
    this.isRouted = false;
    this.random = worker.random();
    this.filterCount = 0;
    this.method = 0;
    this.requestEnded = false;
    this.responseStarted = false;
    this.responseEnded = false;
    this.isFinished = false;
    this.isUpgrade = false;
    this.isGrpc = false;
    this.upgradeAccepted = false;
    this.waitsForContinue = false;
    this.repliesItself = false;
    this.flow.begin();
    this.requestRun.begin(HELD_BODY_BYTES);
    this.responseRun.begin(HELD_BODY_BYTES);
    stats.rqTotal.inc();
    stats.rqActive.inc();
  }

  // --- for the filter lines --------------------------------------------------------------------------------------------

  get requestTrailers(): HeaderMap {
    return this.requestTrailerMap;
  }

  get responseHead(): HeaderMap {
    return this.responseMap;
  }

  get responseTail(): HeaderMap {
    return this.responseTrailerMap;
  }

  /** Puts bytes into core memory for as long as one callback needs them. */
  lend(bytes: Uint8Array): number {
    const { core, loan } = this.worker;
    core.bytes.set(bytes, loan.offset);
    return loan.offset;
  }
}
