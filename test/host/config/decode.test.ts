import { describe, expect, it } from "vitest";
import { bootstrapOf, decode, problemsOf, withCluster } from "../../support/config_door.ts";

const PORT = (value: string) => `admin: {address: {socket_address: {address: 127.0.0.1, port_value: ${value}}}}`;

describe("leniences of Envoy's reader", () => {
  it("takes both spellings of a name, and enums in any case or as numbers", () => {
    const snake = bootstrapOf(withCluster("connect_timeout: 1s, type: STRICT_DNS"));
    for (const type of ["strict_dns", "Strict_Dns", "1", '"1"']) {
      expect(bootstrapOf(withCluster(`connectTimeout: 1s, type: ${type}`))).toEqual(snake);
    }
  });

  it("takes one value for a list of one, and null for what is not set", () => {
    expect(bootstrapOf("static_resources: {clusters: {name: a}}").static_resources?.clusters).toEqual([{ name: "a" }]);
    expect(bootstrapOf("static_resources: {clusters: ~, listeners: []}\nnode: ~")).toEqual({ static_resources: {} });
  });

  it.each(["80", '"80"', "80.0", "8e1", "0x50", "0120", "+80", "'0x50'"])("takes the port %s", (port) => {
    expect(bootstrapOf(PORT(port)).admin?.address?.socket_address?.port_value).toBe(80);
  });

  it.each(["-1", "80.5", '"80 "', "true", "8_0", "0o120", "70000", '"065536"', "~"])("refuses the port %s", (port) => {
    expect(problemsOf(PORT(port))).toHaveLength(1);
  });

  it.each(["true", '"true"', '"yes"', '"1"', "t", "y", "on"])("takes %s as true", (value) => {
    expect(bootstrapOf(withCluster(`respect_dns_ttl: ${value}`)).static_resources?.clusters?.[0]?.respect_dns_ttl).toBe(
      true,
    );
  });

  it.each(["1", '"on"', "[]"])("refuses %s as a boolean", (value) => {
    expect(problemsOf(withCluster(`respect_dns_ttl: ${value}`))).toHaveLength(1);
  });

  it.each([
    ["1s", 1000],
    ["1.5s", 1500],
    ['"0.000000001s"', 0.000001],
    ["{seconds: 1, nanos: 500000000}", 1500],
  ])("takes the duration %s", (text, ms) => {
    expect(bootstrapOf(withCluster(`connect_timeout: ${text}`)).static_resources?.clusters?.[0]?.connect_timeout).toBe(
      ms,
    );
  });

  it.each(["1", "1m", "100ms", ".5s", "1e1s", '"1s "', "0.0000000001s", "-1s", "315576000001s", "0s"])(
    "refuses the duration %s",
    (text) => expect(problemsOf(withCluster(`connect_timeout: ${text}`))).toHaveLength(1),
  );

  it.each(["n", "1", "007", "on", "true", "[a]", "{a: b}", "!!str y"])("refuses %s as a string, and says why", (id) => {
    expect(problemsOf(`node: {id: ${id}}`).join()).toMatch(/^1:\d+: node\.id: expected a string, found /);
  });

  it.each(['"n"', "1.5", "1e3", "08", "4294967296", "2021-01-01"])("takes %s as a string", (id) => {
    expect(bootstrapOf(`node: {id: ${id}}`).node?.id).toBe(id.replaceAll('"', ""));
  });

  it("takes a wrapper as its value and as an object", () => {
    const plain = bootstrapOf(withCluster("per_connection_buffer_limit_bytes: 5"));
    expect(bootstrapOf(withCluster("per_connection_buffer_limit_bytes: {value: 5}"))).toEqual(plain);
  });
});

describe("refusals", () => {
  it("points at what is wrong, and knows the nearest right name", () => {
    expect(problemsOf("static_resources:\n  clusters:\n  - name: a\n    conect_timeout: 1s\n")).toEqual([
      '4:5: static_resources.clusters[0].conect_timeout: no such field in envoy.config.cluster.v3.Cluster: "conect_timeout" (did you mean connect_timeout?)',
    ]);
    expect(problemsOf(withCluster("lb_policy: ROUNDROBIN")).join()).toMatch(/did you mean ROUND_ROBIN\?/);
  });

  it("shows all that is wrong with a file, in the order of its lines", () => {
    const problems = problemsOf(
      "node: {id: 1}\nfoo: 1\nstatic_resources:\n  clusters:\n  - {name: '', type: nope}\n  - {name: b, tls: 1}\n",
    );
    expect(problems.map((line) => line.split(": ", 2)[1])).toEqual([
      "node.id",
      "foo",
      "static_resources.clusters[0].name",
      "static_resources.clusters[0].type",
      "static_resources.clusters[1].tls",
    ]);
  });

  it("refuses two members of a oneof", () => {
    expect(problemsOf(withCluster("type: STATIC, cluster_type: {name: x}")).join()).toContain(
      "only one of type and cluster_type may be set",
    );
  });

  it.each(["Connect_timeout", "connect-timeout", "hosts", "hidden_envoy_deprecated_hosts", "<<"])(
    "knows no field %s",
    (name) => {
      expect(problemsOf(withCluster(`"${name}": 1s`)).join()).toContain("no such field");
    },
  );

  it("does not take a list for a single value, nor a scalar for an object", () => {
    expect(problemsOf("static_resources: {clusters: [{name: [a]}]}").join()).toContain(
      "expected a string, found a list",
    );
    expect(problemsOf("static_resources: {clusters: [a]}").join()).toContain("expected an object");
  });

  it("bounds what aliases can blow up", () => {
    const lines = ["node:\n  id: a\n  metadata:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 9; level++) {
      const alias = `*a${level - 1}`;
      lines.push(`    a${level}: &a${level} [${new Array(10).fill(alias).join(", ")}]`);
    }
    const problems = problemsOf(lines.join("\n"));
    expect(problems.join()).toMatch(/more than \d+ values in one config/);
  });
});

describe("Any", () => {
  const filter = (config: string) =>
    `static_resources: {listeners: [{name: l, address: {pipe: {path: /x}}, filter_chains: [{filters: [{name: x, typed_config: ${config}}]}]}]}`;
  const TYPE = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
  const FIELDS = "stat_prefix: s, cluster: c";

  it("is found by its type, whatever stands before the slash", () => {
    for (const prefix of ["type.googleapis.com", "example.com", "a/b"]) {
      const bootstrap = bootstrapOf(filter(`{"@type": ${prefix}/${TYPE}, ${FIELDS}}`));
      const config = bootstrap.static_resources?.listeners?.[0]?.filter_chains?.[0]?.filters?.[0]?.typed_config;
      expect(config).toEqual({ "@type": TYPE, stat_prefix: "s", cluster: "c" });
    }
  });

  it.each(["xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"])("is unpacked from a %s", (struct) => {
    const plain = bootstrapOf(filter(`{"@type": t/${TYPE}, ${FIELDS}}`));
    expect(bootstrapOf(filter(`{"@type": t/${struct}, type_url: t/${TYPE}, value: {${FIELDS}}}`))).toEqual(plain);
  });

  it.each([
    ["{}", "an empty Any is not supported yet"],
    ["1", 'expected an object with an "@type"'],
    ["{stat_prefix: s}", 'an "@type" is missing'],
    [`{"@type": ${TYPE}}`, "is no type URL"],
    [`{"@type": /${TYPE}}`, "is no type URL"],
    ['{"@type": t/nope.Nope}', "no such type"],
    [`{"@type": t/${TYPE.replace("TcpProxy", "TcpProxi")}}`, `did you mean ${TYPE}?`],
    ['{"@type": t/envoy.config.filter.network.tcp_proxy.v2.TcpProxy}', "belongs to the v2 API"],
    [`{"@type": t/${TYPE}, ${FIELDS}, foo: 1}`, "no such field"],
    [`{"@type": t/xds.type.v3.TypedStruct, type_url: t/${TYPE}, value: {foo: 1}}`, "no such field"],
    ['{"@type": t/xds.type.v3.TypedStruct}', 'a TypedStruct needs a "type_url"'],
    ['{"@type": t/google.protobuf.StringValue, value: a}', "google.protobuf.StringValue is not supported yet"],
  ])("refuses %s", (config, reason) => {
    expect(problemsOf(filter(config)).join("\n")).toContain(reason);
  });
});

describe("the tree", () => {
  it("is frozen, can be sent to a worker, and leaves defaults out", () => {
    const bootstrap = bootstrapOf(
      'node: {id: "", metadata: {__proto__: {x: 1}, a: [1, ~]}}\nadmin: {ignore_global_conn_limit: false}',
    );
    expect(bootstrap).toEqual({ node: { metadata: bootstrap.node?.metadata }, admin: {} });
    expect(Object.keys(bootstrap.node?.metadata ?? {})).toEqual(["__proto__", "a"]);
    expect(structuredClone(bootstrap)).toEqual(bootstrap);
    expect(Object.isFrozen(bootstrap.node?.metadata?.a)).toBe(true);
  });

  it("can be made of a plain object, as a program has it", () => {
    const value = { staticResources: { clusters: [{ name: "a", connect_timeout: "1s" }] }, node: undefined };
    const result = decode({ fileName: "config", value });
    expect(result.ok && result.bootstrap.static_resources).toEqual({
      clusters: [{ name: "a", connect_timeout: 1000 }],
    });
    const bad = decode({ fileName: "config", value: { node: { id: () => "x" } } });
    expect(!bad.ok && bad.errors[0]?.reason).toContain("a function is no config value");
  });

  it("merges a second source over the first, as protobuf does", () => {
    const result = decode(
      { fileName: "a.yaml", text: `${withCluster("connect_timeout: 1s")}node: {id: a, cluster: c}\n` },
      { fileName: "b.yaml", text: "node: {id: b}\nstatic_resources: {clusters: [{name: d}]}" },
    );
    expect(result.ok && result.bootstrap).toEqual({
      node: { id: "b", cluster: "c" },
      static_resources: { clusters: [{ name: "a", connect_timeout: 1000 }, { name: "d" }] },
    });
  });

  it("blames the source that a merged value came from", () => {
    const result = decode(
      { fileName: "a.yaml", text: "static_resources: {clusters: [{name: a}]}" },
      { fileName: "b.yaml", text: "static_resources:\n  clusters:\n  - name: a\n" },
    );
    expect(!result.ok && result.errors).toMatchObject([
      { file: "b.yaml", line: 3, path: "static_resources.clusters[1].name" },
    ]);
  });
});
