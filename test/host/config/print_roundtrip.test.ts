// Printing a decoded config and decoding it again gives the same config, whatever it holds.
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeBootstrap } from "../../../host/config/bootstrap.ts";
import { printMessage } from "../../../host/config/print.ts";

const BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap";
const knowledge = { formatReason: () => undefined };

const duration = fc
  .integer({ min: 1, max: 1e9 })
  .map((nanos) => `${Math.floor(nanos / 1000)}.${String(nanos % 1e9).padStart(9, "0")}s`);
const word = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/);
const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => JSON.stringify(value) !== "-0");

const cluster = fc.record(
  {
    type: fc.constantFrom("STATIC", "STRICT_DNS", "LOGICAL_DNS", 0, "strict_dns"),
    connect_timeout: duration,
    lb_policy: fc.constantFrom("ROUND_ROBIN", "least_request", "RANDOM"),
    per_connection_buffer_limit_bytes: fc.nat(),
    respect_dns_ttl: fc.boolean(),
    alt_stat_name: fc.string({ unit: "grapheme" }),
    metadata: fc
      .dictionary(word, fc.dictionary(word, json, { maxKeys: 3 }), { maxKeys: 2 })
      .map((filter_metadata) => ({ filter_metadata })),
    circuit_breakers: fc
      .array(
        fc.record({ priority: fc.constantFrom("DEFAULT", "HIGH"), max_connections: fc.nat() }, { requiredKeys: [] }),
        { maxLength: 2 },
      )
      .map((thresholds) => ({ thresholds })),
    common_lb_config: fc
      .double({ min: 0, max: 100, noNaN: true })
      .map((value) => ({ healthy_panic_threshold: { value } })),
    typed_dns_resolver_config: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((query_timeout_seconds) => ({
      name: "cares",
      typed_config: {
        "@type": "t/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
        query_timeout_seconds: String(query_timeout_seconds),
      },
    })),
  },
  { requiredKeys: [] },
);

function decode(value: object): object {
  const result = decodeBootstrap([{ fileName: "x", value }], knowledge);
  // Rules over a whole cluster may refuse what was drawn; here only reading counts.
  if (!result.ok) throw new Error(result.errors.map(({ path, reason }) => `${path}: ${reason}`).join("\n"));
  return result.bootstrap;
}

it("decode(print(x)) = x", () => {
  const bootstrap = fc
    .uniqueArray(fc.tuple(word, cluster), { selector: ([name]) => name, maxLength: 3 })
    .map((clusters) => ({
      node: { id: "n", metadata: {} },
      static_resources: {
        clusters: clusters.map(([name, fields]) => {
          // One endpoint by address suits every type.
          const lb_endpoints = [{ endpoint: { address: { socket_address: { address: "1.2.3.4", port_value: 80 } } } }];
          return { ...fields, name, load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints }] } };
        }),
      },
    }));
  fc.assert(
    fc.property(bootstrap, (value) => {
      const once = decode(value);
      const twice = decode(printMessage(BOOTSTRAP, once));
      expect(twice).toEqual(once);
    }),
    { numRuns: 200 },
  );
});
