import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { FORWARDED_EDGE, FORWARDED_FROM_HEADER, FORWARDED_INTERNAL } from "../../../host/wasm/layout.gen.ts";
import { ForwardRules } from "../../support/forward_rules.ts";

const rules = new ForwardRules(new Core());
const OUTSIDE = { address: "203.0.113.7" };
const EDGE = { useRemoteAddress: true };
const INTERNAL = {
  internalRanges: [
    { address: "10.0.0.0", prefixBits: 8 },
    { address: "fd00::", prefixBits: 8 },
  ],
};

describe("who the client is", () => {
  it.each<[string, Parameters<ForwardRules["request"]>[0], string | undefined, string, string, number]>([
    ["an edge believes the socket", EDGE, undefined, "203.0.113.7", "203.0.113.7", FORWARDED_EDGE],
    ["an edge appends to what came", EDGE, "1.1.1.1", "1.1.1.1,203.0.113.7", "203.0.113.7", FORWARDED_EDGE],
    ["an empty list has no comma", EDGE, "", "203.0.113.7", "203.0.113.7", FORWARDED_EDGE],
    [
      "one trusted hop",
      { ...EDGE, xffNumTrustedHops: 1 },
      "9.9.9.9, 1.2.3.4",
      "9.9.9.9, 1.2.3.4,203.0.113.7",
      "1.2.3.4",
      FORWARDED_EDGE | FORWARDED_FROM_HEADER,
    ],
    [
      "two trusted hops",
      { ...EDGE, xffNumTrustedHops: 2 },
      "9.9.9.9, 1.2.3.4",
      "9.9.9.9, 1.2.3.4,203.0.113.7",
      "9.9.9.9",
      FORWARDED_EDGE | FORWARDED_FROM_HEADER,
    ],
    [
      "more hops than entries",
      { ...EDGE, xffNumTrustedHops: 3 },
      "9.9.9.9, 1.2.3.4",
      "9.9.9.9, 1.2.3.4,203.0.113.7",
      "203.0.113.7",
      FORWARDED_EDGE,
    ],
    [
      "an edge that does not append",
      { ...EDGE, skipXffAppend: true },
      "1.1.1.1",
      "1.1.1.1",
      "203.0.113.7",
      FORWARDED_EDGE,
    ],
    [
      "an inner proxy believes the last entry",
      {},
      "1.1.1.1, 2.2.2.2",
      "1.1.1.1, 2.2.2.2",
      "2.2.2.2",
      FORWARDED_FROM_HEADER,
    ],
    [
      "an inner proxy skips a hop",
      { xffNumTrustedHops: 1 },
      "1.1.1.1, 2.2.2.2",
      "1.1.1.1, 2.2.2.2",
      "1.1.1.1",
      FORWARDED_FROM_HEADER,
    ],
    ["rubbish is nobody", {}, "1.1.1.1, unknown", "1.1.1.1, unknown", "203.0.113.7", 0],
    ["a comma at the end", {}, "1.1.1.1,", "1.1.1.1,", "203.0.113.7", 0],
    ["IPv6, in its canonical form", {}, "2001:DB8:0::1", "2001:DB8:0::1", "2001:db8::1", FORWARDED_FROM_HEADER],
    [
      "an internal client alone",
      { ...INTERNAL },
      "10.2.3.4",
      "10.2.3.4",
      "10.2.3.4",
      FORWARDED_FROM_HEADER | FORWARDED_INTERNAL,
    ],
    [
      "an internal IPv6 client",
      { ...INTERNAL },
      "fd12::1",
      "fd12::1",
      "fd12::1",
      FORWARDED_FROM_HEADER | FORWARDED_INTERNAL,
    ],
    [
      "an internal client behind another",
      { ...INTERNAL },
      "10.2.3.4,10.2.3.5",
      "10.2.3.4,10.2.3.5",
      "10.2.3.5",
      FORWARDED_FROM_HEADER,
    ],
  ])("%s", (_what, params, sent, forwarded, client, facts) => {
    const result = rules.request(params, OUTSIDE, sent === undefined ? [] : [["x-forwarded-for", sent]]);
    expect([result.get("x-forwarded-for"), result.client, result.facts]).toEqual([forwarded, client, facts]);
    expect(result.get("x-envoy-external-address")).toBe(facts & FORWARDED_EDGE ? client : undefined);
    expect(result.get("x-envoy-internal")).toBe(facts & FORWARDED_INTERNAL ? "true" : undefined);
  });

  it("a loopback peer stands for this machine", () => {
    expect(rules.request(EDGE, { address: "127.0.0.1" }, []).get("x-forwarded-for")).toBe("10.9.9.9");
    expect(rules.request(EDGE, { address: "::1" }, []).get("x-forwarded-for")).toBe("10.9.9.9");
    expect(rules.request(EDGE, { address: "127.0.0.2" }, []).get("x-forwarded-for")).toBe("127.0.0.2");
  });

  it("a unix socket has no address, and is internal only when asked", () => {
    const plain = rules.request(EDGE, { address: "" }, []);
    expect([plain.get("x-forwarded-for"), plain.get("x-envoy-external-address"), plain.client]).toEqual([
      undefined,
      undefined,
      "",
    ]);
    expect(plain.facts).toBe(FORWARDED_EDGE);
    expect(rules.request({ ...EDGE, internalUnixSockets: true }, { address: "" }, []).facts).toBe(FORWARDED_INTERNAL);
  });
});
