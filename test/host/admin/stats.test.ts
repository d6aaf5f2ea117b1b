import { beforeEach, describe, expect, it } from "vitest";
import { byTokens } from "../../../host/admin/stats/prometheus.ts";
import { AdminBench } from "../../support/admin_context.ts";

let bench: AdminBench;
let server: ReturnType<AdminBench["server"]>;

/** A counter, a gauge, a histogram with samples in two intervals, one without any, a text. */
beforeEach(() => {
  bench = new AdminBench();
  server = bench.server();
  const { root } = bench.store;
  root.counter("http.web.downstream_rq_2xx").add(11);
  root.counter("http.web.downstream_rq_3xx");
  root.gauge("http.web.active").set(2);
  root.histogram("http.web.none");
  const time = root.histogram("http.web.time");
  for (const sample of [0, 0, 1, 4]) time.record(sample);
  bench.context.stats.flush();
  for (const sample of [0, 46]) time.record(sample);
  bench.context.stats.flush();
  bench.context.stats.setText("cluster.a.version_text", "3");
});

const get = async (target: string) => server.answer("GET", target);
const body = async (target: string) => (await get(target)).body;

describe("/stats as text", () => {
  it("has texts, then numbers, then histograms", async () => {
    expect(await body("/stats")).toBe(
      [
        'cluster.a.version_text: "3"',
        "http.web.active: 2",
        "http.web.downstream_rq_2xx: 11",
        "http.web.downstream_rq_3xx: 0",
        "http.web.none: No recorded values",
        "http.web.time: P0(0,0) P25(0,0) P50(0,0) P75(46.5,4.05) P90(46.5,46.5) P95(46.5,46.5) P99(46.5,46.5) P99.5(46.5,46.5) P99.9(46.5,46.5) P100(46.5,46.5)",
        "",
      ].join("\n"),
    );
    expect(bench.calls).toEqual(["sync"]);
  });

  it.each([
    ["usedonly", ["cluster.a.version_text", "http.web.active", "http.web.downstream_rq_2xx", "http.web.time"]],
    ["type=Gauges", ["http.web.active"]],
    ["type=Histograms", ["http.web.none", "http.web.time"]],
    ["type=TextReadouts", ["cluster.a.version_text"]],
    ["filter=rq_[23]xx$", ["http.web.downstream_rq_2xx", "http.web.downstream_rq_3xx"]],
    ["filter=web&invert_filter", ["cluster.a.version_text"]],
    ["filter=a%2Bc", ["http.web.active"]],
    ["filter=a+c", ["http.web.active"]],
  ])("shows with %s what it says", async (query, names) => {
    const lines = (await body(`/stats?${query}`)).trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, line.indexOf(":")))).toEqual(names);
  });

  it("shows buckets in three forms", async () => {
    const of = async (mode: string) => body(`/stats?filter=time&histogram_buckets=${mode}`);
    expect(await of("cumulative")).toMatch(
      /^http\.web\.time: B0\.5\(1,3\) B1\(1,4\) B5\(1,5\) .* B1\.8e\+06\(2,6\) B3\.6e\+06\(2,6\)\n$/,
    );
    expect(await of("disjoint")).toMatch(
      /^http\.web\.time: B0\.5\(1,3\) B1\(0,1\) B5\(0,1\) B10\(0,0\) B25\(0,0\) B50\(1,1\) B100\(0,0\) /,
    );
    expect(await of("detailed")).toBe(
      "http.web.time:\n  totals=0,0:3, 1,0.1:1, 4,0.1:1, 46,1:1\n  intervals=0,0:1, 46,1:1\n" +
        "  summary=P0(0,0) P25(0,0) P50(0,0) P75(46.5,4.05) P90(46.5,46.5) P95(46.5,46.5) P99(46.5,46.5) P99.5(46.5,46.5) P99.9(46.5,46.5) P100(46.5,46.5)\n",
    );
    bench.context.stats.flush();
    expect(await of("summary")).toMatch(/^http\.web\.time: P0\(nan,0\) /);
  });

  it.each([
    ["?filter=(", "Invalid re2 regex: missing ): ("],
    ["?filter=[", "Invalid re2 regex: missing ]: ["],
    ["?type=x", "invalid &type= param"],
    ["?format=x", "usage: /stats?format=(html|active-html|json|prometheus|text)\n\n"],
    ["/prometheus?histogram_buckets=detailed", "unsupported prometheus histogram bucket mode"],
  ])("refuses %s as Envoy does", async (query, words) => {
    expect(await get(`/stats${query}`)).toEqual({ status: 400, contentType: "text/plain; charset=UTF-8", body: words });
  });
});

describe("/stats as JSON", () => {
  it("is one line with the histograms last", async () => {
    const answer = await get("/stats?format=json&usedonly");
    expect(answer.contentType).toBe("application/json");
    expect(answer.body).toMatch(
      /^\{"stats":\[\{"name":"cluster.a.version_text","value":"3"\},\{"name":"http.web.active","value":2\},.*\{"histograms":\{"supported_quantiles":\[0,25,50,75,90,95,99,99\.5,99\.9,100\],"computed_quantiles":\[\{"name":"http.web.time","values":\[\{"cumulative":0,"interval":0\},/,
    );
    bench.context.stats.flush();
    expect(await body("/stats?format=json&filter=time")).toContain('{"cumulative":0,"interval":null}');
    expect(await body("/stats?format=json&filter=nothing")).toBe('{"stats":[]}');
  });

  it("shows buckets", async () => {
    const of = async (mode: string) =>
      JSON.parse(await body(`/stats?format=json&filter=time&histogram_buckets=${mode}`));
    expect((await of("cumulative")).stats[0].histograms[0].buckets[1]).toEqual({
      upper_bound: 1,
      interval: 1,
      cumulative: 4,
    });
    expect((await of("disjoint")).stats[0].histograms[0].buckets[1]).toEqual({
      upper_bound: 1,
      interval: 0,
      cumulative: 1,
    });
    const { supported_percentiles, details } = (await of("detailed")).stats[0].histograms;
    expect(supported_percentiles).toHaveLength(10);
    expect(details[0].totals[1]).toEqual({ lower_bound: 1, width: 0.1, count: 1 });
    expect(details[0].intervals).toHaveLength(2);
  });
});

describe("/stats/prometheus", () => {
  it("groups by name and labels, counters first", async () => {
    const page = await body("/stats/prometheus?text_readouts");
    expect(await body("/stats?format=prometheus&text_readouts")).toBe(page);
    expect(page.split("\n").slice(0, 7)).toEqual([
      "# TYPE envoy_http_downstream_rq_xx counter",
      'envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="web"} 11',
      'envoy_http_downstream_rq_xx{envoy_response_code_class="3",envoy_http_conn_manager_prefix="web"} 0',
      "# TYPE envoy_http_active gauge",
      'envoy_http_active{envoy_http_conn_manager_prefix="web"} 2',
      "# TYPE envoy_cluster_version_text gauge",
      'envoy_cluster_version_text{envoy_cluster_name="a",text_value="3"} 0',
    ]);
    expect(page).toContain(
      'envoy_http_time_bucket{envoy_http_conn_manager_prefix="web",le="0.5"} 3\nenvoy_http_time_bucket{envoy_http_conn_manager_prefix="web",le="1"} 4\n',
    );
    expect(page).toContain('le="1800000"} 6\n');
    expect(page).toMatch(
      /le="\+Inf"\} 6\nenvoy_http_time_sum\{envoy_http_conn_manager_prefix="web"\} 51\.\d{28,32}\nenvoy_http_time_count\{envoy_http_conn_manager_prefix="web"\} 6\n$/,
    );
  });

  it("shows quantiles of the interval as a summary", async () => {
    const page = await body("/stats/prometheus?histogram_buckets=summary&filter=time");
    expect(page).toContain("# TYPE envoy_http_time summary\n");
    expect(page).toContain('envoy_http_time{envoy_http_conn_manager_prefix="web",quantile="0.995"} 46.5\n');
  });

  it("keeps empty braces where there are no labels", async () => {
    bench.store.root.gauge("server.live").set(1);
    expect(await body("/stats/prometheus?filter=server.live")).toBe(
      "# TYPE envoy_server_live gauge\nenvoy_server_live{} 1\n",
    );
  });

  it("puts tags of the command line on every stat", async () => {
    const context = { ...bench.context, statsTags: [{ name: "pod", value: "p" }] };
    const tagged = bench.server(context);
    const { body: page } = await tagged.answer("GET", "/stats/prometheus?filter=web.active");
    expect(page).toContain('envoy_http_active{pod="p",envoy_http_conn_manager_prefix="web"} 2\n');
  });
});

describe("/stats as HTML", () => {
  it("escapes what came in the query", async () => {
    const page = await body(`/stats?format=html&filter=${encodeURIComponent('"><b>')}`);
    expect(page).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(page).not.toContain("<b>");
  });
});

describe("order of tokens", () => {
  it("is not the order of texts", () => {
    expect(["a-b.x", "a.x", "a.b", "a"].sort(byTokens)).toEqual(["a", "a.b", "a.x", "a-b.x"]);
  });
});
