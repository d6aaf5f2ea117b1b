import { describe, expect, it } from "vitest";
import { applyMask } from "../../../host/admin/field_mask.ts";
import { printMessage, printTyped } from "../../../host/config/print.ts";

describe("printMessage", () => {
  it("puts fields in the order of their numbers", () => {
    const cluster = { lb_policy: "RANDOM", connect_timeout: 1500, type: "STATIC", name: "a" };
    const printed = printMessage("envoy.config.cluster.v3.Cluster", cluster);
    expect(Object.entries(printed)).toEqual([
      ["name", "a"],
      ["type", "STATIC"],
      ["connect_timeout", "1.500s"],
      ["lb_policy", "RANDOM"],
    ]);
  });

  it("spells types out and prints what is inside them", () => {
    const filter = {
      name: "router",
      typed_config: { "@type": "envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers: true },
    };
    expect(printMessage("envoy.config.listener.v3.Filter", filter)).toEqual({
      name: "router",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
        suppress_envoy_headers: true,
      },
    });
    expect(printTyped("google.protobuf.StringValue", { "@type": "google.protobuf.StringValue", value: "x" })).toEqual({
      "@type": "type.googleapis.com/google.protobuf.StringValue",
      value: "x",
    });
  });

  it("prints 64-bit numbers as texts, other numbers as numbers", () => {
    const percent = printMessage("envoy.type.v3.Int64Range", { start: 1, end: 9007199254740993n });
    expect(percent).toEqual({ start: "1", end: "9007199254740993" });
    const address = printMessage("envoy.config.core.v3.SocketAddress", { address: "a", port_value: 80 });
    expect(address).toEqual({ address: "a", port_value: 80 });
  });

  it("keeps Structs and maps as they are", () => {
    const metadata = { filter_metadata: { "envoy.lb": { version: "1", weight: 2.5, list: [null, true] } } };
    expect(printMessage("envoy.config.core.v3.Metadata", metadata)).toEqual(metadata);
  });

  it("hides what is sensitive", () => {
    const certificate = {
      certificate_chain: { filename: "cert.pem" },
      private_key: { filename: "key.pem" },
      password: { inline_string: "secret" },
    };
    expect(printMessage("envoy.extensions.transport_sockets.tls.v3.TlsCertificate", certificate)).toEqual({
      certificate_chain: { filename: "cert.pem" },
      private_key: { filename: "[redacted]" },
      password: { inline_string: "[redacted]" },
    });
  });

  it("knows when a type is none", () => {
    expect(() => printMessage("envoy.Nothing", {})).toThrow(TypeError);
  });
});

describe("applyMask", () => {
  const message = { "@type": "t", a: 1, b: { c: 2, d: 3 }, list: [{ c: 4, d: 5 }, { d: 6 }] };

  it.each([
    [["a"], { "@type": "t", a: 1 }],
    [["b.c"], { "@type": "t", b: { c: 2 } }],
    [["b", "b.c"], { "@type": "t", b: { c: 2, d: 3 } }],
    [["list.c", "a"], { "@type": "t", a: 1, list: [{ c: 4 }] }],
    [["x"], null],
    [["a.b"], null],
    [["b.x"], null],
  ])("keeps %j", (paths, kept) => {
    expect(applyMask(message, paths)).toEqual(kept);
  });
});
