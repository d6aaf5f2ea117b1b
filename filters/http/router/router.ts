/**
 * envoy.filters.http.router: the terminal filter. Answers where the route says so, else picks a host, borrows a connection,
 * and carries request and answer between the stream and the upstream.
 */

import type { HttpFilter, HttpFilterContext, HttpFilterFactory } from "../../../host/http/filter.ts";
import type { TerminalFilter, TerminalStream } from "../../../host/http/terminal_stream.ts";
import type { ClusterManager } from "../../../host/upstream/cluster_manager.ts";
import { decodeRouterConfig, type RouterConfig } from "./config.ts";
import { RouterStats } from "./stats.ts";
import { UpstreamRequest } from "./upstream_request.ts";
import type { UpstreamRequestOwner } from "./upstream_request_owner.ts";

/** More free ones than this are left to the garbage collector. */
const FREE_REQUESTS_MAX = 4096;

export class RouterFilter implements TerminalFilter, UpstreamRequestOwner {
  readonly config: RouterConfig;
  readonly clusters: ClusterManager;
  readonly stats: RouterStats;
  private readonly context: HttpFilterContext;
  private readonly free: UpstreamRequest[] = [];

  constructor(config: RouterConfig, context: HttpFilterContext) {
    this.config = config;
    this.context = context;
    this.clusters = context.clusters;
    this.stats = new RouterStats(context.scope);
  }

  onStream(stream: TerminalStream): HttpFilter {
    const request = this.free.pop() ?? new UpstreamRequest(this);
    request.begin(stream);
    return request;
  }

  random(): number {
    return this.context.random();
  }

  giveBack(request: UpstreamRequest): void {
    if (this.free.length < FREE_REQUESTS_MAX) this.free.push(request);
  }
}

export const router: HttpFilterFactory<RouterConfig> = {
  name: "envoy.filters.http.router",
  typeNames: ["envoy.extensions.filters.http.router.v3.Router"],
  isTerminal: true,
  decode: decodeRouterConfig,
  create: (config, context) => new RouterFilter(config, context),
};
