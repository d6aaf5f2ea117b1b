// A server as the admin pages see it, with nothing behind it: what the pages ask for is written down in `calls`.

import type { AdminContext, ConfigInForce, ServerState } from "../../host/admin/context.ts";
import { adminRoutes } from "../../host/admin/routes/list.ts";
import { type AdminExchange, type AdminObserver, AdminServer } from "../../host/admin/server.ts";
import type { Bootstrap } from "../../host/config/types/bootstrap.ts";
import { Logs } from "../../host/log/logger.ts";
import { IpAddress, PipeAddress } from "../../host/net/address.ts";
import { Runtime } from "../../host/runtime/runtime.ts";
import { StatReader } from "../../host/stats/reader.ts";
import { StatStore } from "../../host/stats/scope.ts";
import { breakerLimits } from "../../host/upstream/circuit_breakers.ts";
import type { HostDescription } from "../../host/upstream/host.ts";
import { HostStats } from "../../host/upstream/host_stats.ts";
import { Ledger } from "../../host/wasm/ledger.ts";

const HOSTS: readonly HostDescription[] = [
  {
    key: "a",
    address: { version: 4, ip: "127.0.0.1", port: 8001 },
    hostname: "a.example",
    weight: 1,
    priority: 0,
    healthStatus: "UNKNOWN",
    locality: { region: "r", zone: "z", sub_zone: "s" },
    activeCell: 0,
  },
  {
    key: "b",
    address: { path: "/run/b.sock" },
    hostname: "",
    weight: 2,
    priority: 1,
    healthStatus: "DRAINING",
    locality: {},
    metadata: { "envoy.lb": { canary: true } },
    activeCell: 0,
  },
];

const NODE = {
  id: "node-1",
  cluster: "",
  metadata: { empty: "" },
  extensions: [
    { name: "x", disabled: false, type_urls: ["t"] },
    { name: "y", disabled: false, type_urls: [] },
  ],
  client_features: [],
};

export const BOOTSTRAP: Bootstrap = {
  node: { id: "node-1" },
  static_resources: {
    listeners: [
      {
        name: "web",
        address: { socket_address: { address: "127.0.0.1", port_value: 10000 } },
        filter_chains: [
          {
            filters: [
              {
                name: "envoy.filters.network.http_connection_manager",
                typed_config: {
                  "@type": "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                  stat_prefix: "web",
                  request_timeout: 1500,
                  route_config: {
                    name: "routes",
                    virtual_hosts: [{ name: "all", domains: ["*"] }],
                  },
                } as never,
              },
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: "backend",
        connect_timeout: 250,
        lb_policy: "LEAST_REQUEST",
        load_assignment: { cluster_name: "backend" },
      },
    ],
  },
};

export class AdminBench implements AdminObserver {
  readonly exchanges: AdminExchange[] = [];
  opened = 0;
  closed = 0;
  protocolErrors = 0;
  requests = 0;
  readonly calls: unknown[] = [];
  readonly store: StatStore;
  readonly context: AdminContext;
  state: ServerState = "LIVE";
  unready: { name: string; targets: string[] }[] = [];

  constructor() {
    const ledger = Ledger.create(1);
    const stats = new StatReader(ledger);
    this.store = new StatStore(ledger.view, {
      onDefine: (definition) => stats.define(0, definition),
      onRelease: () => undefined,
      onFull: () => undefined,
    });
    const logs = new Logs({ sink: { write: () => undefined } });
    const limits = breakerLimits(
      { name: "backend", circuit_breakers: { thresholds: [{ max_connections: 100 }] } },
      "DEFAULT",
    );
    const runtime = new Runtime({
      layers: [
        {
          name: "base",
          static_layer: { feature: { x: 10 }, text: "t", share: { numerator: 5, denominator: "HUNDRED" } },
        },
        { name: "admin", admin_layer: {} },
      ],
    });
    this.context = {
      stats,
      logs,
      runtime,
      statsTags: [],
      syncStats: async () => {
        this.calls.push("sync");
      },
      state: () => this.state,
      info: () => ({
        version: "sha/1.40.0/Clean/RELEASE/none",
        uptimeSeconds: 12.7,
        hotRestartVersion: "disabled",
        commandLineOptions: { base_id: "0", concurrency: 2 },
        node: NODE,
      }),
      listeners: () => [
        { name: "tcp", addresses: [new IpAddress(4, "127.0.0.1", 10001)], onlyWorker: null },
        { name: "web", addresses: [new IpAddress(6, "::1", 10000), new PipeAddress("/run/web.sock")], onlyWorker: 1 },
      ],
      clusters: () => [
        {
          name: "backend",
          observabilityName: "backend",
          addedViaApi: false,
          limits: [limits, breakerLimits({ name: "backend" }, "HIGH")],
          hosts: HOSTS,
        },
      ],
      certificates: () => [],
      config: () => this.config(),
      unready: () => this.unready,
      explain: async () => null,
      drainListeners: (options) => this.calls.push(options),
      setHealthCheckFailing: (isFailing) => this.calls.push({ isFailing }),
      onRuntimeChange: (keys) => this.calls.push(`runtime ${keys}`),
      reopenLogs: () => this.calls.push("reopen"),
      quit: () => this.calls.push("quit"),
    };
  }

  onOpen(): void {
    this.opened++;
  }

  onClose(): void {
    this.closed++;
  }

  onProtocolError(): void {
    this.protocolErrors++;
  }

  onRequest(): void {
    this.requests++;
  }

  onExchange(exchange: AdminExchange): void {
    this.exchanges.push(exchange);
  }

  /** All pages over this server, not listening. */
  server(context: AdminContext = this.context, allows = (_path: string) => true): AdminServer<AdminContext> {
    return new AdminServer({ context, routes: adminRoutes, log: context.logs.logger("admin"), observer: this, allows });
  }

  /** Counts something on the first host of the cluster. */
  hostStats(): HostStats {
    return new HostStats(this.store.root.scope("cluster").scope("backend").ofHosts().scope("127.0.0.1:8001"));
  }

  private config(): ConfigInForce {
    const updatedMs = Date.UTC(2026, 10, 21, 15, 16, 36, 778);
    const { listeners = [], clusters = [] } = BOOTSTRAP.static_resources ?? {};
    return {
      bootstrap: { config: BOOTSTRAP, updatedMs },
      listeners: listeners.map((config) => ({ config, updatedMs })),
      clusters: clusters.map((config) => ({ config, updatedMs })),
      secrets: [],
    };
  }
}
