import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { type FieldDesc, type FieldRules, findMessage, typeNames } from "../../../host/config/schema.ts";
import { extensions, supported } from "../../../host/config/supported.ts";

const messages = typeNames().flatMap((name) => findMessage(name) ?? []);

function field(message: string, name: string): FieldDesc {
  const found = findMessage(message)?.byName.get(name);
  if (found === undefined) throw new Error(`no ${message}.${name}`);
  return found;
}

/** All rules of a field, those of elements, keys and values among them. */
function rulesOf(rules: FieldRules): [kind: string, rule: string, value: unknown][] {
  return Object.entries(rules).flatMap(([kind, own]) =>
    Object.entries(own).flatMap(([rule, value]): [string, string, unknown][] =>
      rule === "items" || rule === "keys" || rule === "values" ? rulesOf(value as FieldRules) : [[kind, rule, value]],
    ),
  );
}

describe("the schema", () => {
  it("holds the API of the npm package with what Envoy 1.40 adds", () => {
    expect(messages.length).toBeGreaterThan(1000);
    expect(field("envoy.config.cluster.v3.Cluster", "connect_timeout").typeName).toBe("google.protobuf.Duration");
    expect(findMessage("envoy.extensions.clusters.dns.v3.DnsCluster")?.byName.has("dns_jitter")).toBe(true);
    expect(field("envoy.config.bootstrap.v3.Bootstrap", "stats_eviction_interval").number).toBe(42);
  });

  it("knows names in both spellings, oneofs, presence, maps and what is sensitive", () => {
    const cluster = findMessage("envoy.config.cluster.v3.Cluster");
    expect(cluster?.byName.get("connectTimeout")).toBe(cluster?.byName.get("connect_timeout"));
    expect(field("envoy.config.cluster.v3.Cluster", "type")).toMatchObject({
      oneof: "cluster_discovery_type",
      hasPresence: true,
      isEnum: true,
    });
    expect(field("envoy.config.cluster.v3.Cluster", "name")).toMatchObject({ scalar: "s", hasPresence: false });
    expect(field("envoy.config.core.v3.Metadata", "filter_metadata")).toMatchObject({
      mapKey: "s",
      typeName: "google.protobuf.Struct",
    });
    expect(field("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", "private_key").sensitive).toBe(true);
    expect(findMessage("envoy.config.route.v3.Route")?.requiredOneofs).toEqual(["action"]);
  });

  it("brings changed rules to those of 1.40", () => {
    expect(field("envoy.config.core.v3.RuntimeUInt32", "runtime_key").rules).toBeUndefined();
    expect(field("envoy.config.cluster.v3.Cluster", "health_checks").rules).toEqual({ repeated: { max_items: 8 } });
  });

  it("has no rule that the validator does not know", () => {
    const known = new Set(
      `string: min_len max_len min_bytes max_bytes well_known_regex strict ignore_empty pattern prefix suffix in not_in const
      bytes: min_len max_len
      message: required skip
      any: required in
      duration: required gt gte lt lte
      timestamp: required
      enum: defined_only not_in in const
      bool: const
      repeated: min_items max_items unique ignore_empty
      map: min_pairs max_pairs`
        .split("\n")
        .flatMap((line) => {
          const [kind = "", names = ""] = line.trim().split(": ");
          return names.split(" ").map((name) => `${kind}.${name}`);
        }),
    );
    const number = /^(?:u?int32|u?int64|float|double)\.(?:gt|gte|lt|lte|in|not_in|const|ignore_empty)$/;
    const all = messages.flatMap(({ fields }) =>
      fields.flatMap(({ rules }) => (rules === undefined ? [] : rulesOf(rules))),
    );
    const unknown = all
      .map(([kind, rule]) => `${kind}.${rule}`)
      .filter((name) => !known.has(name) && !number.test(name));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("has only patterns that JavaScript reads as RE2 does", () => {
    const patterns = messages.flatMap(({ fields }) =>
      fields
        .flatMap(({ rules }) => (rules === undefined ? [] : rulesOf(rules)))
        .filter(([, rule]) => rule === "pattern"),
    );
    expect(patterns.length).toBeGreaterThan(5);
    for (const [, , pattern] of patterns) {
      expect(() => [new RegExp(String(pattern), "u"), RE2JS.compile(String(pattern))]).not.toThrow();
    }
  });
});

describe("the list of what is read", () => {
  it("names only messages and fields that exist", () => {
    const unknown = Object.entries(supported).flatMap(([message, { read, inert = {}, only = {} }]) => {
      const known = findMessage(message)?.byName;
      if (known === undefined) return [message];
      return [...read, ...Object.keys(inert), ...Object.keys(only)]
        .filter((name) => !known.has(name))
        .map((name) => `${message}.${name}`);
    });
    expect(unknown).toEqual([]);
  });

  it("never says of a field both that it is read and that it has no effect", () => {
    const both = Object.entries(supported).flatMap(([message, { read, inert = {} }]) =>
      read.filter((name) => name in inert).map((name) => `${message}.${name}`),
    );
    expect(both).toEqual([]);
  });

  it("covers every message that a read field holds, and every extension", () => {
    const missing = new Set<string>();
    for (const [message, { read }] of Object.entries(supported)) {
      for (const name of read) {
        const { typeName, isEnum } = field(message, name);
        const isOwn = typeName !== undefined && !isEnum && !typeName.startsWith("google.protobuf.");
        if (isOwn && supported[typeName] === undefined) missing.add(`${message}.${name}: ${typeName}`);
      }
    }
    const own = Object.values(extensions)
      .flat()
      .filter((type) => !type.startsWith("google.protobuf."));
    for (const type of own) if (supported[type] === undefined) missing.add(type);
    expect([...missing]).toEqual([]);
  });

  it("names for extensions only places that exist", () => {
    for (const slot of Object.keys(extensions)) {
      const dot = slot.lastIndexOf(".");
      expect(findMessage(slot.slice(0, dot))?.byName.has(slot.slice(dot + 1)), slot).toBe(true);
    }
  });
});
