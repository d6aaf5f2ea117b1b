/**
 * envoy.filters.listener.http_inspector: which HTTP a plain connection speaks, by its first line, so that a filter chain may be
 * chosen by it: `http/1.0`, `http/1.1` or `h2c`.
 */

import {
  type Inspector,
  type ListenerFilter,
  type ListenerFilterFactory,
  LOOK_MORE,
  LOOK_REFUSED,
} from "../../../host/listener/filter.ts";
import type { Counter, Scope } from "../../../host/stats/scope.ts";
import type { ConnectionFacts } from "../../../host/stream_info/connection_facts.ts";

/** The longest first line that is waited for. */
export const FIRST_LINE_MAX = 65_536;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const CR = 0x0d;
const LF = 0x0a;
/** Method, target, and a version that HTTP/0.9 does not have; more than one space between is borne. */
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ +(?<target>\S+)(?: +HTTP\/(?<version>\d\.\d))? *\r?\n/;
const TARGET = /^(?:[/*]|[a-z][a-z0-9+.-]*:\/\/)/i;

class HttpInspectorStats {
  readonly http10Found: Counter;
  readonly http11Found: Counter;
  readonly http2Found: Counter;
  readonly httpNotFound: Counter;
  readonly readError: Counter;

  /** @param scope `http_inspector.` */
  constructor(scope: Scope) {
    this.http10Found = scope.counter("http10_found");
    this.http11Found = scope.counter("http11_found");
    this.http2Found = scope.counter("http2_found");
    this.httpNotFound = scope.counter("http_not_found");
    this.readError = scope.counter("read_error");
  }
}

class HttpInspectorFilter implements ListenerFilter {
  private readonly stats: HttpInspectorStats;

  constructor(stats: HttpInspectorStats) {
    this.stats = stats;
  }

  open(facts: ConnectionFacts): Inspector | null {
    return facts.transportProtocol === "tls" ? null : new HttpInspector(this.stats);
  }
}

class HttpInspector implements Inspector {
  private readonly stats: HttpInspectorStats;
  /** [0, looked) holds no end of line. */
  private looked = 0;

  constructor(stats: HttpInspectorStats) {
    this.stats = stats;
  }

  look(bytes: Buffer, facts: ConnectionFacts): number {
    const { stats } = this;
    const begin = Math.min(bytes.length, PREFACE.length);
    if (PREFACE.compare(bytes, 0, begin, 0, begin) === 0) {
      if (begin < PREFACE.length) return LOOK_MORE;
      return this.found(stats.http2Found, "h2c", facts);
    }
    if (bytes[0] === CR || bytes[0] === LF) return this.found(stats.httpNotFound, "", facts);
    const end = bytes.indexOf(LF, this.looked);
    this.looked = bytes.length;
    if (end < 0 && bytes.length >= FIRST_LINE_MAX) {
      stats.readError.inc();
      return LOOK_REFUSED;
    }
    if (end < 0) return LOOK_MORE;
    const { target, version } = REQUEST_LINE.exec(bytes.toString("latin1", 0, end + 1))?.groups ?? {};
    const isConnect = bytes.toString("latin1", 0, 8) === "CONNECT ";
    if (target === undefined || (!isConnect && !TARGET.test(target))) return this.found(stats.httpNotFound, "", facts);
    if (version === "1.1") return this.found(stats.http11Found, "http/1.1", facts);
    return this.found(stats.http10Found, "http/1.0", facts);
  }

  private found(counter: Counter, protocol: string, facts: ConnectionFacts): number {
    counter.inc();
    if (protocol !== "") facts.applicationProtocols = [protocol];
    return 0;
  }
}

export const httpInspector: ListenerFilterFactory<object> = {
  name: "envoy.filters.listener.http_inspector",
  typeNames: ["envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"],
  decode: (config) => config,
  create: (_config, { worker }) =>
    new HttpInspectorFilter(new HttpInspectorStats(worker.stats.root.scope("http_inspector"))),
};
