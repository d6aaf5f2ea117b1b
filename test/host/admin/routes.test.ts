import { beforeEach, describe, expect, it } from "vitest";
import type { AdminResponse } from "../../../host/admin/request.ts";
import { AdminBench } from "../../support/admin_context.ts";

let bench: AdminBench;
let server: ReturnType<AdminBench["server"]>;

beforeEach(() => {
  bench = new AdminBench();
  server = bench.server();
});

const get = (target: string): Promise<AdminResponse> => server.answer("GET", target);
const post = (target: string): Promise<AdminResponse> => server.answer("POST", target);
const jsonOf = async (target: string) => JSON.parse((await get(target)).body);

const TEXT = "text/plain; charset=UTF-8";

describe("paths", () => {
  it("that are none get the list of those that are", async () => {
    const answer = await get("/nope");
    expect(answer.status).toBe(404);
    expect(answer.body).toBe(`invalid path. ${(await get("/help")).body}`);
  });

  it("that change something want POST", async () => {
    expect(await get("/healthcheck/fail")).toEqual({
      status: 405,
      contentType: TEXT,
      body: "Method GET not allowed, POST required.",
    });
    expect(bench.calls).toEqual([]);
  });

  it("that read take any method, merged slashes and escaped letters", async () => {
    expect((await server.answer("PUT", "/ready")).body).toBe("LIVE\n");
    expect((await get("//ready")).body).toBe("LIVE\n");
    expect((await get("/re%61dy?x")).body).toBe("LIVE\n");
  });
});

describe("paths that are not allowed", () => {
  it("get 403, known or not", async () => {
    const strict = bench.server(bench.context, (path) => path === "/ready");
    expect((await strict.answer("GET", "/ready?x")).status).toBe(200);
    for (const path of ["/help", "/nope", "/quitquitquit"]) {
      expect(await strict.answer("POST", path)).toMatchObject({
        status: 403,
        body: `request to path ${path} not allowed`,
      });
    }
    expect(bench.calls).toEqual([]);
  });
});

describe("/help", () => {
  it("lists Envoy's pages in Envoy's order, with their parameters", async () => {
    const { body } = await get("/help");
    const paths = [...body.matchAll(/^ {2}(\/\S*?)(?: \(POST\))?: /gm)].map(([, path]) => path);
    expect(paths).toEqual([
      "/",
      "/allocprofiler",
      "/certs",
      "/clusters",
      "/config_dump",
      "/contention",
      "/cpuprofiler",
      "/drain_listeners",
      "/healthcheck/fail",
      "/healthcheck/ok",
      "/heap_dump",
      "/heapprofiler",
      "/help",
      "/hot_restart_version",
      "/init_dump",
      "/listeners",
      "/logging",
      "/memory",
      "/memory/tcmalloc",
      "/peak_heap_dump",
      "/quitquitquit",
      "/ready",
      "/reopen_logs",
      "/reset_counters",
      "/runtime",
      "/runtime_modify",
      "/server_info",
      "/stats",
      "/stats/prometheus",
      "/stats/recentlookups",
      "/stats/recentlookups/clear",
      "/stats/recentlookups/disable",
      "/stats/recentlookups/enable",
    ]);
    expect(body).toContain("  /healthcheck/fail (POST): cause the server to fail health checks\n");
    expect(body).toContain("      format: File format to use; One of (text, json)\n");
  });
});

describe("/ready", () => {
  it("is 200 when live and 503 otherwise", async () => {
    expect(await get("/ready")).toEqual({ status: 200, contentType: TEXT, body: "LIVE\n" });
    bench.state = "DRAINING";
    expect(await get("/ready")).toMatchObject({ status: 503, body: "DRAINING\n" });
  });
});

describe("/server_info", () => {
  it("prints protobuf's JSON", async () => {
    const { contentType, body } = await get("/server_info");
    expect(contentType).toBe("application/json");
    expect(body).toContain('{\n "version": "sha/1.40.0/Clean/RELEASE/none",\n "state": "LIVE",\n');
    expect(body).toContain('"uptime_current_epoch": "12s"');
    expect(body.endsWith("}\n")).toBe(true);
  });
});

describe("commands", () => {
  it("ask the server and answer OK", async () => {
    const targets = [
      "/healthcheck/fail",
      "/healthcheck/ok",
      "/drain_listeners",
      "/drain_listeners?graceful&inboundonly&skip_exit",
      "/reopen_logs",
      "/quitquitquit",
    ];
    for (const target of targets) expect((await post(target)).body, target).toBe("OK\n");
    expect(bench.calls).toEqual([
      { isFailing: true },
      { isFailing: false },
      { graceful: false, skipExit: false, inboundOnly: false },
      { graceful: true, skipExit: true, inboundOnly: true },
      "reopen",
      "quit",
    ]);
  });
});

describe("/listeners", () => {
  it("names each address", async () => {
    expect((await get("/listeners")).body).toBe("tcp::127.0.0.1:10001\nweb::[::1]:10000\nweb::/run/web.sock\n");
    expect(await jsonOf("/listeners?format=json")).toEqual({
      listener_statuses: [
        { name: "tcp", local_address: { socket_address: { address: "127.0.0.1", port_value: 10001 } } },
        {
          name: "web",
          local_address: { socket_address: { address: "::1", port_value: 10000 } },
          additional_local_addresses: [{ pipe: { path: "/run/web.sock" } }],
          only_worker: 1,
        },
      ],
    });
  });
});

describe("/clusters", () => {
  it("prints limits and hosts in Envoy's order", async () => {
    bench.hostStats().rqTotal.add(3);
    const { body } = await get("/clusters");
    expect(body.split("\n").slice(0, 29)).toEqual([
      "backend::observability_name::backend",
      "backend::default_priority::max_connections::100",
      "backend::default_priority::max_pending_requests::1024",
      "backend::default_priority::max_requests::1024",
      "backend::default_priority::max_retries::3",
      "backend::high_priority::max_connections::1024",
      "backend::high_priority::max_pending_requests::1024",
      "backend::high_priority::max_requests::1024",
      "backend::high_priority::max_retries::3",
      "backend::added_via_api::false",
      "backend::127.0.0.1:8001::cx_active::0",
      "backend::127.0.0.1:8001::cx_connect_fail::0",
      "backend::127.0.0.1:8001::cx_total::0",
      "backend::127.0.0.1:8001::rq_active::0",
      "backend::127.0.0.1:8001::rq_error::0",
      "backend::127.0.0.1:8001::rq_pending_active::0",
      "backend::127.0.0.1:8001::rq_success::0",
      "backend::127.0.0.1:8001::rq_timeout::0",
      "backend::127.0.0.1:8001::rq_total::3",
      "backend::127.0.0.1:8001::hostname::a.example",
      "backend::127.0.0.1:8001::health_flags::healthy",
      "backend::127.0.0.1:8001::weight::1",
      "backend::127.0.0.1:8001::region::r",
      "backend::127.0.0.1:8001::zone::z",
      "backend::127.0.0.1:8001::sub_zone::s",
      "backend::127.0.0.1:8001::canary::false",
      "backend::127.0.0.1:8001::priority::0",
      "backend::127.0.0.1:8001::success_rate::-1",
      "backend::127.0.0.1:8001::local_origin_success_rate::-1",
    ]);
    expect(body).toContain("backend::/run/b.sock::health_flags::/eds_status_draining\n");
    expect(body).toContain("backend::/run/b.sock::canary::true\n");
    expect(bench.calls).toEqual(["sync"]);
  });

  it("filters by name, and refuses what is no expression", async () => {
    expect((await get("/clusters?filter=^b")).body).not.toBe("");
    expect((await get("/clusters?filter=x")).body).toBe("");
    expect(await get("/clusters?filter=(")).toMatchObject({ status: 400, body: "Invalid re2 regex" });
  });

  it("prints JSON without defaults", async () => {
    bench.hostStats().cxActive.inc();
    const { cluster_statuses } = await jsonOf("/clusters?format=json");
    const [cluster] = cluster_statuses;
    expect(cluster.circuit_breakers.thresholds[1].priority).toBe("HIGH");
    const [first, second] = cluster.host_statuses;
    expect(first.stats).toContainEqual({ type: "GAUGE", value: "1", name: "cx_active" });
    expect(first.stats).toContainEqual({ name: "rq_total" });
    expect(first).toMatchObject({ hostname: "a.example", weight: 1, health_status: { eds_health_status: "HEALTHY" } });
    expect(second).toMatchObject({ priority: 1, health_status: { eds_health_status: "DRAINING" }, locality: {} });
  });
});

describe("/logging", () => {
  it("shows the loggers and sets one, some or all", async () => {
    expect((await post("/logging")).body).toMatch(/^active loggers:\n {2}a2a: info\n {2}admin: info\n/);
    expect((await post("/logging?http=debug")).body).toContain("  http: debug\n");
    expect((await post("/logging?paths=http:error,router:trace")).body).toContain("  router: trace\n");
    expect((await post("/logging?level=off")).body).not.toContain(": info\n");
  });

  it.each([
    ["?level=loud", "unknown logger level"],
    ["?http=loud", "unknown logger level"],
    ["?nobody=info", "unknown logger name"],
    ["?paths=http:info,nobody:info", "unknown logger name"],
    ["?paths=http", "empty logger name or empty logger level"],
    ["?level=info&http=debug", "invalid number of parameters"],
    ["?group=main:info", "group parameter requires fine-grain logging to be enabled"],
  ])("refuses %s and changes nothing", async (query, reason) => {
    const answer = await post(`/logging${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatch(new RegExp(`^error: ${reason}\n\nusage: /logging\\?<name>=<level> `));
    expect(answer.body).toContain("levels: trace debug info warning error critical off \nactive loggers:\n");
    expect(answer.body).toContain("  http: info\n");
  });
});

describe("/runtime", () => {
  it("shows the layers, and takes overrides and their removal", async () => {
    expect((await post("/runtime_modify")).status).toBe(400);
    expect((await server.answer("POST", "/runtime_modify", "form.key=1")).body).toBe("OK\n");
    expect((await jsonOf("/runtime")).entries["form.key"].final_value).toBe("1");
    await post("/runtime_modify?form.key=");
    bench.calls.length = 0;
    expect((await post("/runtime_modify?feature.x=20&new.key=true")).body).toBe("OK\n");
    expect(await jsonOf("/runtime")).toEqual({
      layers: ["base", "admin"],
      entries: {
        "feature.x": { layer_values: ["10", "20"], final_value: "20" },
        text: { layer_values: ["t", ""], final_value: "t" },
        share: {
          layer_values: ['{"numerator":5,"denominator":"HUNDRED"}', ""],
          final_value: '{"numerator":5,"denominator":"HUNDRED"}',
        },
        "new.key": { layer_values: ["", "true"], final_value: "true" },
      },
    });
    await post("/runtime_modify?feature.x=&new.key=");
    expect((await jsonOf("/runtime")).entries["feature.x"].final_value).toBe("10");
    expect((await jsonOf("/runtime")).entries["new.key"]).toBeUndefined();
    expect(bench.calls).toEqual(["runtime new.key,feature.x", "runtime new.key,feature.x"]);
  });
});

describe("facts", () => {
  it("are Envoy's", async () => {
    expect((await get("/certs")).body).toBe('{\n "certificates": []\n}\n');
    expect((await get("/hot_restart_version")).body).toBe("disabled");
    expect((await get("/contention")).body).toMatch(/^Mutex contention tracing is not enabled\./);
    expect((await get("/init_dump")).body).toBe("{}\n");
    bench.unready = [{ name: "init manager Server", targets: ["DNS a"] }];
    expect(await jsonOf("/init_dump?mask=listener")).toEqual({
      unready_targets_dumps: [{ name: "init manager Server", target_names: ["DNS a"] }],
    });
    expect(Object.keys(await jsonOf("/memory"))).toEqual([
      "allocated",
      "heap_size",
      "pageheap_unmapped",
      "pageheap_free",
      "total_thread_cache",
      "total_physical_bytes",
    ]);
    expect((await post("/cpuprofiler?enable=y")).status).toBe(501);
    expect((await post("/cpuprofiler?enable=z")).status).toBe(400);
  });
});

describe("/stats/recentlookups", () => {
  it("counts, and lists names once enabled", async () => {
    bench.store.root.counter("a");
    expect((await get("/stats/recentlookups")).body).toBe(
      "Lookup tracking is not enabled. Use /stats/recentlookups/enable to enable.\n\ntotal: 1\n",
    );
    await post("/stats/recentlookups/enable");
    bench.store.root.counter("b");
    expect((await get("/stats/recentlookups")).body).toBe("   Count Lookup\n       1 b\n\ntotal: 2\n");
    await post("/stats/recentlookups/clear");
    expect((await get("/stats/recentlookups")).body).toBe("   Count Lookup\n\ntotal: 0\n");
    await post("/stats/recentlookups/disable");
    expect((await get("/stats/recentlookups")).body).toMatch(/^Lookup tracking is not enabled/);
  });
});

describe("/config_dump", () => {
  it("prints all parts in Envoy's order", async () => {
    const { configs } = await jsonOf("/config_dump");
    const types = configs.map((part: { "@type": string }) => part["@type"].split(".").at(-1));
    expect(types).toEqual([
      "BootstrapConfigDump",
      "ClustersConfigDump",
      "ListenersConfigDump",
      "ScopedRoutesConfigDump",
      "RoutesConfigDump",
      "SecretsConfigDump",
    ]);
    expect(configs[0].last_updated).toBe("2026-11-21T15:16:36.778Z");
    expect(configs[1].static_clusters[0].cluster).toEqual({
      "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
      name: "backend",
      connect_timeout: "0.250s",
      lb_policy: "LEAST_REQUEST",
      load_assignment: { cluster_name: "backend" },
    });
    expect(configs[4].static_route_configs[0].route_config.name).toBe("routes");
    expect(configs[3]).toEqual({ "@type": "type.googleapis.com/envoy.admin.v3.ScopedRoutesConfigDump" });
  });

  it("shows one list, masked or not", async () => {
    expect(await jsonOf("/config_dump?resource=static_listeners&mask=listener.name")).toEqual({
      configs: [
        {
          "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump.StaticListener",
          listener: { "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", name: "web" },
        },
      ],
    });
    expect(await get("/config_dump?resource=dynamic_listeners")).toMatchObject({ status: 200, body: "{}\n" });
    expect(await get("/config_dump?resource=nope")).toEqual({
      status: 404,
      contentType: "text/plain",
      body: "nope not found in config dump",
      nosniffTwice: true,
    });
    expect(await get("/config_dump?resource=bootstrap")).toMatchObject({
      status: 400,
      body: "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field",
    });
    expect((await jsonOf("/config_dump?mask=bootstrap.node.id")).configs).toEqual([
      { "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", bootstrap: { node: { id: "node-1" } } },
    ]);
    expect((await get("/config_dump?mask=x")).status).toBe(400);
  });

  it("filters by name, and adds endpoints when asked", async () => {
    const none = (await jsonOf("/config_dump?name_regex=other&include_eds")).configs;
    expect(none[1]).toEqual({ "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump" });
    const [endpoints] = (await jsonOf("/config_dump?include_eds&mask=static_endpoint_configs")).configs;
    expect(endpoints.static_endpoint_configs[0].endpoint_config).toEqual({
      "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
      cluster_name: "backend",
      endpoints: [
        {
          locality: { region: "r", zone: "z", sub_zone: "s" },
          lb_endpoints: [
            {
              endpoint: {
                address: { socket_address: { address: "127.0.0.1", port_value: 8001 } },
                health_check_config: {},
                hostname: "a.example",
              },
              health_status: "HEALTHY",
              load_balancing_weight: 1,
            },
          ],
          load_balancing_weight: 0,
        },
        {
          locality: {},
          lb_endpoints: [
            {
              endpoint: { address: { pipe: { path: "/run/b.sock" } }, health_check_config: {} },
              health_status: "DRAINING",
              metadata: { filter_metadata: { "envoy.lb": { canary: true } } },
              load_balancing_weight: 2,
            },
          ],
          load_balancing_weight: 0,
          priority: 1,
        },
      ],
      policy: { overprovisioning_factor: 140 },
    });
    expect((await get("/config_dump?name_regex=(")).body).toBe(
      "INVALID_ARGUMENT: Error while parsing name_regex from (: missing ): (",
    );
  });

  it("says in the bootstrap who we are, without what is empty", async () => {
    const [{ bootstrap }] = (await jsonOf("/config_dump?mask=bootstrap")).configs;
    expect(bootstrap.node).toEqual({
      id: "node-1",
      metadata: { empty: "" },
      extensions: [{ name: "x", type_urls: ["t"] }, { name: "y" }],
    });
  });
});

describe("/", () => {
  it("is one document that loads nothing else, with a link or a button for each page", async () => {
    const { contentType, body } = await get("/");
    expect(contentType).toBe("text/html; charset=UTF-8");
    expect(body).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(body).toContain('<a href="stats/prometheus">');
    expect(body).toContain('<form action="healthcheck/fail" method="post">');
    const script = body.slice(body.indexOf("<script>") + 8, body.indexOf("</script>"));
    expect(() => new Function(script)).not.toThrow();
  });
});
