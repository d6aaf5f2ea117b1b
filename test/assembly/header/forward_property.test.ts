import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import type { ForwardParams } from "../../../host/wasm/forward.ts";
import {
  FORWARDED_EDGE,
  FORWARDED_INTERNAL,
  FORWARDED_UPGRADE,
  HEADER_CONNECTION_REFUSED,
  HEADER_LAST_PSEUDO,
  OK,
} from "../../../host/wasm/layout.gen.ts";
import { ForwardRules } from "../../support/forward_rules.ts";

const core = new Core({ seed: [11, 12] });
const rules = new ForwardRules(core);

afterEach(() => {
  expect(core.exports.blocksLive(), "blocks that nobody gave back").toBe(0);
});

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...core.names.slice(HEADER_LAST_PSEUDO + 2)) },
  { weight: 1, arbitrary: fc.constantFrom("x-custom", "x-other", "x-envoy-other") },
);
const word = fc.constantFrom(
  "close",
  "keep-alive",
  "upgrade",
  "websocket",
  "h2c",
  "te",
  "trailers",
  "gzip",
  "x-custom",
  "cookie",
  "x-forwarded-for",
  ":path",
  "host",
  "10.1.2.3",
  "1.2.3.4",
  "fd00::1",
  "rubbish",
  "https",
  "http://a/b",
  "",
  " ",
  "\t",
  "\xff",
);
const value = fc.oneof(
  { weight: 6, arbitrary: fc.array(word, { maxLength: 12 }).map((words) => words.join(",")) },
  { weight: 2, arbitrary: fc.array(word, { maxLength: 4 }).map((words) => words.join(" , ")) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 6000 }).map((length) => "v".repeat(length)) },
);
const head = fc.array(fc.tuple(name, value), { maxLength: 40 });
const params: fc.Arbitrary<Partial<ForwardParams>> = fc.record({
  useRemoteAddress: fc.boolean(),
  xffNumTrustedHops: fc.nat(3),
  skipXffAppend: fc.boolean(),
  generateRequestId: fc.boolean(),
  preserveExternalRequestId: fc.boolean(),
  alwaysSetRequestIdInResponse: fc.boolean(),
  appendXForwardedPort: fc.boolean(),
  serverHeaderTransformation: fc.constantFrom("OVERWRITE", "APPEND_IF_ABSENT", "PASS_THROUGH"),
  forwardClientCertDetails: fc.constantFrom(
    "SANITIZE",
    "FORWARD_ONLY",
    "APPEND_FORWARD",
    "SANITIZE_SET",
    "ALWAYS_FORWARD_ONLY",
  ),
  via: fc.constantFrom("", "me"),
  userAgent: fc.constantFrom(null, "us"),
  nodeId: fc.constantFrom("", "node"),
  scheme: fc.constantFrom("", "https"),
  internalRanges: fc.constantFrom([], [{ address: "10.0.0.0", prefixBits: 8 }]),
});
const peer = fc.record({
  address: fc.constantFrom("203.0.113.7", "10.0.0.1", "127.0.0.1", "::1", "fd00::2", ""),
  https: fc.boolean(),
});

/** Names that no request carries further, whoever sent them. */
const NEVER = ["keep-alive", "proxy-connection", "transfer-encoding"];
const STEERING = [
  "x-envoy-retry-on",
  "x-envoy-max-retries",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-ip-tags",
  "x-envoy-original-url",
];

describe("whatever comes in", () => {
  it("a request is refused for its Connection alone, or forwarded by the rules", () => {
    fc.assert(
      fc.property(params, peer, head, (params, peer, fields) => {
        const { code, facts, client, get } = rules.request(params, peer, fields);
        if (code !== OK) {
          expect(code).toBe(HEADER_CONNECTION_REFUSED);
          expect(fields.some(([name]) => name === "connection")).toBe(true);
          return;
        }
        for (const gone of NEVER) expect(get(gone), gone).toBe(undefined);
        if (!(facts & FORWARDED_UPGRADE)) expect([get("connection"), get("upgrade")]).toEqual([undefined, undefined]);
        expect(["trailers", undefined]).toContain(get("te"));
        expect(get("x-forwarded-proto")).toBeDefined();
        expect(["http", "https"]).toContain(get(":scheme"));
        expect(get("x-envoy-internal")).toBe(facts & FORWARDED_INTERNAL ? "true" : undefined);
        if (!(facts & FORWARDED_INTERNAL))
          for (const steering of STEERING) expect(get(steering), steering).toBe(undefined);
        if (params.useRemoteAddress) expect(Boolean(facts & FORWARDED_EDGE)).toBe(!(facts & FORWARDED_INTERNAL));
        if (facts & FORWARDED_EDGE) expect(get("x-envoy-external-address") ?? "").toContain(client);
        if (params.generateRequestId) expect(get("x-request-id")).toBeDefined();
        if (params.userAgent) expect(get("user-agent")).toBeTruthy();
      }),
      { numRuns: 400 },
    );
  });

  it("a response is forwarded by the rules", () => {
    fc.assert(
      fc.property(params, head, head, (params, fields, request) => {
        const { code, get } = rules.response(params, fields, request);
        expect(code).toBe(OK);
        for (const gone of NEVER) expect(get(gone), gone).toBe(undefined);
        expect(get("date")).toBeDefined();
        if (params.serverHeaderTransformation !== "PASS_THROUGH") expect(get("server")).toBeDefined();
        if (params.serverHeaderTransformation === "OVERWRITE") expect(get("server")).toBe("envoy");
        if (params.via) expect(get("via")?.endsWith("me")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
