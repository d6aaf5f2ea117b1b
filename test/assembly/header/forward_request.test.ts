import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { FORWARDED_UPGRADE, HEADER_CONNECTION_REFUSED, HEADER_NO_ROOM, OK } from "../../../host/wasm/layout.gen.ts";
import { type Fields, ForwardRules } from "../../support/forward_rules.ts";

const core = new Core({ seed: [7, 7] });
const rules = new ForwardRules(core);
const OUTSIDE = { address: "203.0.113.7" };
const EDGE = { useRemoteAddress: true };
const INTERNAL = {
  internalRanges: [
    { address: "10.0.0.0", prefixBits: 8 },
    { address: "fd00::", prefixBits: 8 },
  ],
};

/** Only fields that the rules leave or add, in order. */
function names(fields: Fields): string[] {
  return fields.map(([name]) => name);
}

describe("what ends at this hop", () => {
  it("Connection, what it names, and the old hop-by-hop fields go away; the rest keeps its order", () => {
    const { fields } = rules.request({}, OUTSIDE, [
      ["accept", "*/*"],
      ["connection", "close, X-Private ,, keep-alive"],
      ["x-private", "1"],
      ["keep-alive", "timeout=5"],
      ["x-first", "1"],
      ["proxy-connection", "keep-alive"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "websocket"],
      ["x-private", "2"],
      ["x-last", "1"],
    ]);
    expect(names(fields)).toEqual(["accept", "x-first", "x-last", "x-forwarded-proto", ":scheme"]);
  });

  it("an upgrade keeps its two fields", () => {
    const { facts, fields } = rules.request({}, OUTSIDE, [
      ["connection", "keep-alive, Upgrade"],
      ["upgrade", "websocket"],
      ["keep-alive", "x"],
    ]);
    expect(facts & FORWARDED_UPGRADE).toBeTruthy();
    expect(fields.slice(0, 2)).toEqual([
      ["connection", "keep-alive, Upgrade"],
      ["upgrade", "websocket"],
    ]);
  });

  it("an upgrade to h2c is forgotten, with its settings", () => {
    const { facts, fields } = rules.request({}, OUTSIDE, [
      ["connection", "upgrade, http2-settings"],
      ["upgrade", "H2C"],
      ["http2-settings", "AAMAAABk"],
    ]);
    expect(facts & FORWARDED_UPGRADE).toBe(0);
    expect(names(fields)).toEqual(["x-forwarded-proto", ":scheme"]);
  });

  it.each([
    ["trailers", "trailers"],
    ["gzip, Trailers;q=1", undefined],
    ["gzip , TRAILERS,x", "trailers"],
    ["gzip", undefined],
    ["", undefined],
  ])("te: %j becomes %j", (sent, forwarded) => {
    expect(rules.request({}, OUTSIDE, [["te", sent]]).get("te")).toBe(forwarded);
  });

  it.each([
    ["names where the request comes from", [["connection", "X-Forwarded-For"]]],
    ["names the forwarded host", [["connection", "x-forwarded-host"]]],
    ["names the forwarded scheme", [["connection", "a, x-forwarded-proto"]]],
    ["names a pseudo field", [["connection", "close, :path"]]],
    ["names ten fields", [["connection", "a,b,c,d,e,f,g,h,i,j"]]],
    [
      "names ten fields in two lines",
      [
        ["connection", "a,b,c,d,e"],
        ["connection", "f,g,h,i,j"],
      ],
    ],
    [
      "names a TE of 256 bytes",
      [
        ["connection", "te"],
        ["te", `trailers,${"x".repeat(247)}`],
      ],
    ],
  ] satisfies [string, Fields][])("is refused: Connection %s", (_what, fields) => {
    expect(rules.request({}, OUTSIDE, fields).code).toBe(HEADER_CONNECTION_REFUSED);
  });

  it("Connection may name nine fields, itself, and what is not there", () => {
    const { code, fields } = rules.request({}, OUTSIDE, [
      ["connection", `connection,b,c,d,e,f,g,h,${"i".repeat(5000)}`],
      ["b", "1"],
      ["z", "1"],
    ]);
    expect(code).toBe(OK);
    expect(names(fields)).toEqual(["z", "x-forwarded-proto", ":scheme"]);
  });
});

describe("what outsiders must not say", () => {
  const STEERING = [
    "x-envoy-retriable-status-codes",
    "x-envoy-retriable-header-names",
    "x-envoy-retry-on",
    "x-envoy-retry-grpc-on",
    "x-envoy-max-retries",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-force-trace",
    "x-envoy-ip-tags",
    "x-envoy-original-url",
    "x-envoy-hedge-on-per-try-timeout",
  ];
  const IDENTITY = [
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-original-path",
    "x-envoy-original-host",
  ];
  const HARMLESS = [
    "x-envoy-attempt-count",
    "x-envoy-original-method",
    "x-envoy-original-dst-host",
    "x-envoy-is-timeout-retry",
    "x-envoy-custom",
    "x-team",
  ];
  const sent: Fields = [...STEERING, ...IDENTITY, ...HARMLESS, "x-envoy-internal"].map((name) => [name, "1"] as const);
  const kept = (fields: Fields) => names(fields).filter((name) => sent.some(([other]) => other === name));

  it("an edge takes steering and identity from them", () => {
    expect(kept(rules.request(EDGE, OUTSIDE, sent, ["x-team"]).fields)).toEqual(
      HARMLESS.filter((name) => name !== "x-team"),
    );
  });

  it("an inner proxy takes steering alone", () => {
    expect(kept(rules.request({}, OUTSIDE, sent, ["x-other"]).fields)).toEqual([...IDENTITY, ...HARMLESS]);
  });

  it("an internal client may say all of it", () => {
    const { fields, get } = rules.request({ ...EDGE, ...INTERNAL }, { address: "10.0.0.1" }, sent, ["x-team"]);
    expect(kept(fields)).toEqual([...STEERING, ...IDENTITY, ...HARMLESS, "x-envoy-internal"]);
    expect(get("x-envoy-internal")).toBe("true");
  });
});

describe("scheme and port", () => {
  it.each<[string, Parameters<ForwardRules["request"]>[0], boolean, Fields, [string, string]]>([
    ["an edge says what the connection is", EDGE, true, [["x-forwarded-proto", "http"]], ["https", "https"]],
    [
      "a trusted hop is believed",
      { ...EDGE, xffNumTrustedHops: 1 },
      false,
      [["x-forwarded-proto", "https"]],
      ["https", "https"],
    ],
    ["an inner proxy believes the header", {}, false, [["x-forwarded-proto", "https"]], ["https", "https"]],
    ["what is no scheme is passed on, and not used", {}, true, [["x-forwarded-proto", "gopher"]], ["gopher", "https"]],
    ["the target's own scheme stays", {}, false, [[":scheme", "https"]], ["http", "https"]],
    [
      "the config has the last word",
      { scheme: "https" },
      false,
      [
        [":scheme", "http"],
        ["x-forwarded-proto", "http"],
      ],
      ["https", "https"],
    ],
  ])("%s", (_what, params, https, fields, expected) => {
    const { get } = rules.request(params, { ...OUTSIDE, https }, fields);
    expect([get("x-forwarded-proto"), get(":scheme")]).toEqual(expected);
  });

  it("append_x_forwarded_port says the port that was reached, unless a trusted one said it before", () => {
    const port = { appendXForwardedPort: true };
    const sent: Fields = [["x-forwarded-port", "1"]];
    const peer = { ...OUTSIDE, port: 8443 };
    expect(rules.request({ ...EDGE, ...port }, peer, sent).get("x-forwarded-port")).toBe("8443");
    expect(rules.request({ ...EDGE, ...port, xffNumTrustedHops: 1 }, peer, sent).get("x-forwarded-port")).toBe("1");
    expect(rules.request(port, peer, sent).get("x-forwarded-port")).toBe("1");
    expect(rules.request(port, peer, []).get("x-forwarded-port")).toBe("8443");
    expect(rules.request({}, peer, []).get("x-forwarded-port")).toBe(undefined);
  });
});

describe("who we are", () => {
  it("add_user_agent names us, and fills an empty user agent alone", () => {
    const params = { userAgent: "our-cluster", nodeId: "node-1" };
    const { get } = rules.request(params, OUTSIDE, [
      ["user-agent", ""],
      ["x-envoy-downstream-service-cluster", "theirs"],
    ]);
    expect(get("user-agent")).toBe("our-cluster");
    expect(get("x-envoy-downstream-service-cluster")).toBe("our-cluster");
    expect(get("x-envoy-downstream-service-node")).toBe("node-1");
    expect(rules.request(params, OUTSIDE, [["user-agent", "curl"]]).get("user-agent")).toBe("curl");
  });

  it("via is appended", () => {
    expect(rules.request({ via: "me" }, OUTSIDE, []).get("via")).toBe("me");
    expect(
      rules
        .request({ via: "me" }, OUTSIDE, [
          ["via", "1.1 a"],
          ["via", "1.1 b"],
        ])
        .get("via"),
    ).toBe("1.1 a,1.1 b, me");
  });
});

describe("x-request-id", () => {
  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it("is made when asked, each one another, the same for the same seed", () => {
    const made = () => {
      const own = new ForwardRules(new Core({ seed: [5, 6] }));
      return Array.from(
        { length: 5 },
        () => own.request({ generateRequestId: true }, OUTSIDE, []).get("x-request-id") ?? "",
      );
    };
    const first = made();
    for (const id of first) expect(id).toMatch(UUID);
    expect(new Set(first).size).toBe(5);
    expect(made()).toEqual(first);
  });

  it("an edge replaces the client's, unless it preserves it; an inner proxy keeps it", () => {
    const sent: Fields = [["x-request-id", "theirs"]];
    const id = (params: object) =>
      rules.request({ generateRequestId: true, ...params }, OUTSIDE, sent).get("x-request-id");
    expect(id(EDGE)).toMatch(UUID);
    expect(id({ ...EDGE, preserveExternalRequestId: true })).toBe("theirs");
    expect(id({})).toBe("theirs");
  });
});

describe("x-forwarded-client-cert", () => {
  const sent: Fields = [["x-forwarded-client-cert", "old"]];
  it.each([
    ["SANITIZE", undefined, undefined],
    ["FORWARD_ONLY", "old", undefined],
    ["APPEND_FORWARD", "old,new", undefined],
    ["SANITIZE_SET", "new", undefined],
    ["ALWAYS_FORWARD_ONLY", "old", "old"],
  ] as const)("%s: %j with a certificate, %j without", (forwardClientCertDetails, withCertificate, without) => {
    const forwarded = (peer: object) =>
      rules.request({ forwardClientCertDetails }, { ...OUTSIDE, ...peer }, sent).get("x-forwarded-client-cert");
    expect(forwarded({ certificate: "new" })).toBe(withCertificate);
    expect(forwarded({})).toBe(without);
  });
});

describe("fields that are one field", () => {
  const twice = (name: string): Fields => [
    [name, "1"],
    ["x-between", "b"],
    [name, "2"],
  ];
  it.each([
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-type",
    "user-agent",
    "referer",
    "origin",
    "x-request-id",
    "expect",
    "x-forwarded-host",
    "x-client-trace-id",
    "x-envoy-attempt-count",
    "grpc-timeout",
    "if-none-match",
    "pragma",
    "cdn-loop",
    "proxy-status",
  ])("a request's %s is joined", (name) => {
    expect(rules.request({}, OUTSIDE, twice(name)).get(name)).toBe("1,2");
  });

  it.each(["cookie", "x-custom", "forwarded", "early-data", "accept-language", "x-envoy-degraded", "vary", "location"])(
    "a request's %s is not",
    (name) => {
      expect(rules.request({}, OUTSIDE, twice(name)).get(name)).toBe("1|2");
    },
  );

  it("an empty value adds nothing, and ten of them join as well", () => {
    const values = ["", "a", "", "b", "c", "", "d", "e", "f", ""];
    const sent = values.map((value): [string, string] => ["accept", value]);
    expect(rules.request({}, OUTSIDE, sent).get("accept")).toBe("a,b,c,d,e,f");
  });

  it("large values join, block after block", () => {
    const sent = Array.from({ length: 30 }, (_, i): [string, string] => ["accept", String(i).repeat(900)]);
    expect(rules.request({}, OUTSIDE, sent).get("accept")).toBe(sent.map(([, value]) => value).join(","));
  });
});

describe("no room", () => {
  it("is answered with a code, and the block is still ours to free", () => {
    const own = new Core();
    const { exports } = own;
    const tight = new ForwardRules(own);
    // All blocks but those that the request itself needs.
    const taken: number[] = [];
    for (let block = exports.blockNew(0, 0); block !== 0; block = exports.blockNew(0, 0)) taken.push(block);
    exports.blockFree(taken.shift() as number);
    const full: Fields = [["x-fill", "v".repeat(900)]];
    expect(tight.request({ generateRequestId: true }, OUTSIDE, full).code).toBe(HEADER_NO_ROOM);
    expect(exports.blocksLive()).toBe(taken.length);
  });
});
