// What loads and what does not, beyond what fields show by themselves; each verdict is Envoy 1.40's (--mode validate).
import { describe, expect, it } from "vitest";
import {
  problemsOf,
  TCP_PROXY,
  withCluster,
  withListeners,
  withManager,
  withRoute,
} from "../../support/config_door.ts";

const ADDRESS = "address: {socket_address: {address: 127.0.0.1, port_value: 1234}}";
const OTHER = "address: {socket_address: {address: 127.0.0.1, port_value: 2}}";
const CHAIN = `filter_chains: [{filters: [${TCP_PROXY}]}]`;
const match = (fields: string) => withRoute(`{match: {${fields}}, route: {cluster: a}}`);
const action = (fields: string) => withRoute(`{match: {prefix: /}, route: {cluster: a, ${fields}}}`);
const weights = (clusters: string) =>
  withRoute(`{match: {prefix: /}, route: {weighted_clusters: {clusters: [${clusters}]}}}`);
const header = (option: string) =>
  withRoute(`{match: {prefix: /}, route: {cluster: a}, request_headers_to_add: [${option}]}`);
const host = (address: string) =>
  `load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: "${address}", port_value: 80}}}}]}]}`;
const log = (format: string) =>
  withManager(
    `route_config: {}, access_log: [{name: f, typed_config: {"@type": t/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: /dev/null, ${format}}}]`,
  );
const layer = (fields: string) => `layered_runtime: {layers: [{name: a, static_layer: {${fields}}}]}`;

describe.each<[subject: string, good: string[], bad: [text: string, reason: string][]]>([
  [
    "listeners",
    [
      withListeners(`{name: l, ${ADDRESS}, ${CHAIN}}`),
      withListeners(`{name: l, ${ADDRESS}, default_filter_chain: {filters: [${TCP_PROXY}]}}`),
      withListeners(`{name: l, ${ADDRESS}, filter_chains: [{}]}`),
      withListeners(`{${ADDRESS}, ${CHAIN}}`, `{${OTHER}, ${CHAIN}}`),
      withListeners(`{name: l, address: {pipe: {path: "@abc"}}, ${CHAIN}}`),
      withListeners(
        `{name: l, address: {socket_address: {address: "::", port_value: 1, ipv4_compat: true}}, ${CHAIN}}`,
      ),
      withListeners(
        `{name: l, ${ADDRESS.replace("1234", "0")}, ${CHAIN}}`,
        `{name: m, ${ADDRESS.replace("1234", "0")}, ${CHAIN}}`,
      ),
      withListeners(
        `{name: l, ${ADDRESS}, filter_chains: [{filter_chain_match: {destination_port: 1}, filters: [${TCP_PROXY}]}, {filters: [${TCP_PROXY}]}]}`,
      ),
    ],
    [
      [withListeners(`{name: l, ${ADDRESS}}`), "no filter chains specified"],
      [withListeners(`{name: l, ${CHAIN}}`), "an address is missing"],
      [withListeners(`{name: l, ${ADDRESS.replace("127.0.0.1", "localhost")}, ${CHAIN}}`), "malformed IP address"],
      [withListeners(`{name: l, ${ADDRESS}, ${CHAIN}}`, `{name: m, ${ADDRESS}, ${CHAIN}}`), "has the same address"],
      [
        withListeners(`{name: l, ${ADDRESS}, filter_chains: [{filters: [${TCP_PROXY}]}, {filters: [${TCP_PROXY}]}]}`),
        "matches the same connections",
      ],
      [
        withListeners(
          `{name: l, ${ADDRESS}, filter_chains: [{filter_chain_match: {prefix_ranges: [{address_prefix: 10.1.0.0, prefix_len: 8}, {address_prefix: 10.2.0.0, prefix_len: 8}]}, filters: [${TCP_PROXY}]}]}`,
        ),
        "names one range twice",
      ],
      [
        withListeners(`{name: l, ${ADDRESS}, filter_chains: [{filters: [${TCP_PROXY}, ${TCP_PROXY}]}]}`),
        "must be the last",
      ],
      [
        withListeners(`{name: l, ${ADDRESS}, filter_chains: [{filters: [{name: envoy.filters.network.tcp_proxy}]}]}`),
        "found by the type",
      ],
      [
        withListeners(`{name: l, address: {pipe: {path: "@abc", mode: 420}}, ${CHAIN}}`),
        "an abstract socket has no mode",
      ],
      [withListeners(`{name: l, address: {pipe: {path: "/${"a".repeat(107)}"}}, ${CHAIN}}`), "107 of a unix socket"],
      [
        withListeners(
          `{name: l, address: {socket_address: {address: "::1", port_value: 1, ipv4_compat: true}}, ${CHAIN}}`,
        ),
        "can be ipv4_compat",
      ],
      [withListeners(`{name: l, ${ADDRESS}, additional_addresses: [{}], ${CHAIN}}`), "an address is missing"],
    ],
  ],
  [
    "the connection manager",
    [
      withManager("route_config: {}"),
      withManager("route_config: {}", "server_name: x"),
      withManager("route_config: {}, upgrade_configs: [{upgrade_type: websocket}]"),
    ],
    [
      [withManager("server_name: x"), "is required"],
      [
        withManager("route_config: {}, upgrade_configs: [{upgrade_type: websocket}, {upgrade_type: WebSocket}]"),
        "duplicate upgrade",
      ],
      [withManager("route_config: {}, strip_any_host_port: true, strip_matching_host_port: true"), "only one of"],
      [
        withManager("route_config: {}, common_http_protocol_options: {max_response_headers_kb: 5}"),
        "cannot be set on the http_connection_manager",
      ],
      [withManager("route_config: {}", "http_filters: [{name: envoy.filters.http.router}]"), "found by the type"],
      [
        withManager("route_config: {}, internal_address_config: {cidr_ranges: [{address_prefix: foo}]}"),
        "malformed IP address",
      ],
      [withManager("route_config: {}, max_request_headers_kb: 8193"), "at most 8192"],
    ],
  ],
  [
    "routes",
    [
      match("prefix: abc"),
      match('prefix: /, headers: [{name: "a b", present_match: true}]'),
      match('prefix: /, query_parameters: [{name: a, string_match: {safe_regex: {regex: "a+"}}}]'),
      action("timeout: 0s, host_rewrite_literal: ''"),
      action('regex_rewrite: {pattern: {regex: "(a)"}, substitution: "\\\\1"}'),
      weights("{name: a, weight: 1}, {name: a, weight: 0}"),
      withRoute("{match: {prefix: /}, route: {cluster: nobody}}", "validate_clusters: false,"),
      withRoute("{match: {prefix: /}, redirect: {}}"),
      withRoute(`{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: "${"a".repeat(4096)}"}}}`),
      withManager("route_config: {virtual_hosts: [{name: v, domains: [a]}, {name: v, domains: ['a*b']}]}"),
    ],
    [
      [withRoute("{match: {prefix: /}, route: {cluster: nobody}}"), "unknown cluster nobody"],
      [weights("{name: nobody, weight: 1}"), "unknown weighted cluster nobody"],
      [weights("{name: a}"), "weight is missing"],
      [weights("{name: a, weight: 0}"), "greater than 0"],
      [weights("{name: a, weight: 4294967295}, {name: b, weight: 1}"), "exceeds"],
      [weights("{weight: 1}"), "needs a name"],
      [match(""), "is required"],
      [match("path_separated_prefix: /"), "does not match"],
      [match('safe_regex: {regex: "("}'), "no RE2 regex"],
      [
        match("prefix: /, headers: [{name: a, string_match: {safe_regex: {regex: a}, ignore_case: true}}]"),
        "no effect on safe_regex",
      ],
      [action("prefix_rewrite: /a, regex_rewrite: {pattern: {regex: a}}"), "only one of"],
      [action("host_rewrite_literal: a, auto_host_rewrite: true"), "only one of"],
      [action("upgrade_configs: [{upgrade_type: a}, {upgrade_type: A}]"), "duplicate upgrade"],
      [action("timeout: -1s"), "negative"],
      [
        withRoute(`{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: "${"a".repeat(4097)}"}}}`),
        "at most 4096",
      ],
      [
        withRoute("{match: {prefix: /}, direct_response: {status: 200, body: {filename: /nonexistent/x}}}"),
        "does not exist",
      ],
      [withRoute("{match: {prefix: /}, direct_response: {status: 200, body: {filename: /dev/null}}}"), "invalid path"],
      [
        withRoute("{match: {prefix: /}, direct_response: {status: 200, body: {environment_variable: NUNCIO_NOT_SET}}}"),
        "environment variable",
      ],
      [withRoute("{match: {prefix: /}, direct_response: {status: 600}}"), "less than 600"],
      [withManager("route_config: {virtual_hosts: [{name: v, domains: [a, A]}]}"), "duplicate domain A"],
      [
        withManager("route_config: {virtual_hosts: [{name: v, domains: ['*']}, {name: w, domains: ['*']}]}"),
        "single wildcard",
      ],
    ],
  ],
  [
    "header mutations",
    [
      header("{header: {key: X-A, value: '50%% of %REQ(x)%'}}"),
      header("{header: {key: a, value: b}, append: true, append_action: APPEND_IF_EXISTS_OR_ADD}"),
      header("{header: {key: a, value: b}, append: true}"),
    ],
    [
      [header("{header: {key: Host, value: a}}"), "cannot be set here"],
      [header("{header: {key: ':path', value: a}}"), "cannot be set here"],
      [header("{header: {key: a, value: b}, append: true, append_action: OVERWRITE_IF_EXISTS}"), "cannot both be set"],
      [header("{header: {key: a, value: '%BAD%'}}"), "%BAD%"],
      [header("{header: {key: a, value: '50%'}}"), "expected a command operator"],
      [header('{header: {key: a, value: "a\\nb"}}'), "characters that no header may have"],
      [header("{append: true}"), "is required"],
      [
        withRoute("{match: {prefix: /}, route: {cluster: a}, response_headers_to_remove: [':status']}"),
        "cannot be removed",
      ],
    ],
  ],
  [
    "clusters",
    [
      withCluster("type: STATIC"),
      withCluster(`type: STATIC, ${host("1.2.3.4")}`),
      withCluster(`type: STRICT_DNS, ${host("example.com")}`),
      withCluster(`type: LOGICAL_DNS, ${host("example.com")}`),
      withCluster(
        `cluster_type: {name: x, typed_config: {"@type": t/envoy.extensions.clusters.dns.v3.DnsCluster}}, ${host("example.com")}`,
      ),
      withCluster("lb_policy: ROUND_ROBIN, least_request_lb_config: {choice_count: 2}"),
      withCluster("type: STATIC, dns_resolvers: [{socket_address: {address: foo, port_value: 53}}]"),
      withCluster(
        'transport_socket: {name: x, typed_config: {"@type": t/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}',
      ),
    ],
    [
      ["static_resources: {clusters: [{name: a}, {name: a}]}", "duplicate cluster a"],
      [withCluster(host("example.com")), "malformed IP address"],
      [withCluster("type: LOGICAL_DNS"), "one locality with one endpoint"],
      [withCluster("load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{}]}]}"), "an address is missing"],
      [withCluster("lb_policy: LOAD_BALANCING_POLICY_CONFIG"), "needs to be set"],
      [withCluster("load_balancing_policy: {policies: [{}]}"), "no balancing policy"],
      [
        withCluster("max_requests_per_connection: 1, common_http_protocol_options: {max_requests_per_connection: 2}"),
        "only one is allowed",
      ],
      [
        withCluster(
          "typed_extension_protocol_options: {foo: {'@type': t/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, explicit_http_config: {http_protocol_options: {}}}}",
        ),
        "foo are not supported yet",
      ],
      [
        withCluster("type: STRICT_DNS, dns_resolvers: [{socket_address: {address: foo, port_value: 53}}]"),
        "malformed IP address",
      ],
      [
        withCluster("type: STRICT_DNS, dns_failure_refresh_rate: {base_interval: 5s, max_interval: 1s}"),
        "less than base_interval",
      ],
      [withCluster("transport_socket: {name: envoy.transport_sockets.raw_buffer}"), "found by the type"],
      [
        withCluster(
          "load_assignment: {cluster_name: a, endpoints: [{load_balancing_weight: 4294967295}, {load_balancing_weight: 1}]}",
        ),
        "exceeds",
      ],
      ["cluster_manager: {local_cluster_name: nobody}", "must be defined"],
    ],
  ],
  [
    "access logs",
    [
      log('log_format: {text_format: "%REQ(:path)%\\n"}'),
      log("log_format: {json_format: {a: '%REQ(:path)%', b: 1, d: [1, '%PROTOCOL%'], e: ~}}"),
      log("format: '%PROTOCOL%'"),
    ],
    [
      [log("log_format: {json_format: {a: {b: ['%BAD%']}}}"), "%BAD%"],
      [log("log_format: {text_format_source: {inline_string: '%REQ%'}}"), "REQ"],
      [log("log_format: {}"), "is required"],
      ["admin: {access_log_path: /nonexistent/x.log}", "unable to open file"],
      ["admin: {access_log: [{name: envoy.access_loggers.file}]}", "found by the type"],
    ],
  ],
  [
    "the bootstrap",
    [
      layer("a: 1, b: {c: true, d: x}"),
      "stats_flush_interval: 1s\nstats_eviction_interval: 5s",
      "tracing: {http: {name: x, typed_config: {'@type': t/envoy.config.trace.v3.ZipkinConfig, collector_cluster: z}}}",
      "admin: {}",
      "application_log_config: {log_format: {json_format: {a: '%j'}}}",
      "static_resources: {secrets: [{name: a, validation_context: {trusted_ca: {filename: /nonexistent}}}]}",
    ],
    [
      [layer("a: [1]"), "invalid runtime entry value for a"],
      [layer("a: {b: ~}"), "invalid runtime entry value for a.b"],
      ["layered_runtime: {layers: [{name: a, static_layer: {}}, {name: a, static_layer: {}}]}", "duplicate layer name"],
      ["layered_runtime: {layers: [{name: a, admin_layer: {}}, {name: b, admin_layer: {}}]}", "at most one layer"],
      ["stats_eviction_interval: 7s", "multiple of stats_flush_interval"],
      ["tracing: {http: {name: envoy.tracers.zipkin}}", "has no typed_config"],
      ["watchdog: {}\nwatchdogs: {}", "only one of"],
      ["admin: {address: {socket_address: {address: foo, port_value: 1}}}", "malformed IP address"],
      ["application_log_config: {log_format: {json_format: {a: '%v'}}}", "%v is not available"],
      [
        "static_resources: {secrets: [{name: a, generic_secret: {}}, {name: a, generic_secret: {}}]}",
        "duplicate static secret",
      ],
      ["static_resources: {secrets: [{name: a}]}", "is required"],
    ],
  ],
])("%s", (_, good, bad) => {
  it.each(good)("load: %s", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each(bad)("do not load: %s", (text, reason) => {
    const problems = problemsOf(text);
    expect(problems.join("\n")).toContain(reason);
    for (const line of problems) expect(line).toMatch(/^\d+:\d+: \S+: \S/);
  });
});
