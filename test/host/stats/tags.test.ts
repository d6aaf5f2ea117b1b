import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { labelText, metricName } from "../../../host/admin/stats/prometheus.ts";
import { extractTags } from "../../../host/stats/tags.ts";

const BASELINE = new URL("../../../../shared/corpus/envoy_stats_baseline.txt", import.meta.url);

describe("extractTags", () => {
  it.each([
    ["server.live", "server.live", ""],
    ["cluster.a.upstream_rq_200", "cluster.upstream_rq", 'envoy_response_code="200",envoy_cluster_name="a"'],
    ["cluster.a.b", "cluster.b", 'envoy_cluster_name="a"'],
    ["cluster.a", "cluster.a", ""],
    ["listener.admin.downstream_cx_total", "listener.admin.downstream_cx_total", ""],
    ["listener.[__1]_80.downstream_cx_total", "listener.downstream_cx_total", 'envoy_listener_address="[__1]_80"'],
    [
      "listener.0.0.0.0_80.worker_3.downstream_cx_total",
      "listener.worker_downstream_cx_total",
      'envoy_worker_id="3",envoy_listener_address="0.0.0.0_80"',
    ],
    ["listener.web.downstream_cx_total", "listener.downstream_cx_total", 'envoy_listener_address="web"'],
    [
      "vhost.v.vcluster.c.upstream_rq_2xx",
      "vhost.vcluster.upstream_rq_xx",
      'envoy_response_code_class="2",envoy_virtual_cluster="c",envoy_virtual_host="v"',
    ],
    [
      "http.a.rds.routes.x.update_success",
      "http.rds.update_success",
      'envoy_rds_route_config="routes.x",envoy_http_conn_manager_prefix="a"',
    ],
    [
      "http_local.http_local_rate_limit.ok",
      "http_local_rate_limit.ok",
      'envoy_local_http_ratelimit_prefix="http_local"',
    ],
  ])("splits %s", (stat, name, labels) => {
    const tagged = extractTags(stat);
    expect(tagged.name).toBe(name);
    expect(labelText(tagged.tags)).toBe(labels);
  });

  it("puts tags of the command line on every name, in front", () => {
    const { tags } = extractTags("cluster.a.b", [{ name: "pod", value: 'x"y' }]);
    expect(labelText(tags)).toBe('pod="x\\"y",envoy_cluster_name="a"');
  });

  it("gives every name of a recorded Envoy its Prometheus name and labels", () => {
    if (!existsSync(BASELINE)) {
      console.log("skipped: ../shared/corpus/envoy_stats_baseline.txt is missing");
      return;
    }
    const rows = readFileSync(BASELINE, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split("\t"));
    expect(rows.length).toBeGreaterThan(400);
    const wrong = rows.flatMap(([stat = "", , wanted = ""]) => {
      const { name, tags } = extractTags(stat);
      const got = tags.length === 0 ? metricName(name) : `${metricName(name)}{${labelText(tags)}}`;
      return got === wanted ? [] : [`${stat}: ${got}, wanted ${wanted}`];
    });
    expect(wrong).toEqual([]);
  });
});
