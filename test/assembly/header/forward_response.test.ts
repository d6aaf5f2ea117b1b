import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { RESPONSE_CLOSE, RESPONSE_INTERIM } from "../../../host/wasm/layout.gen.ts";
import { type Fields, ForwardRules } from "../../support/forward_rules.ts";

const rules = new ForwardRules(new Core());
const EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT";
const UPGRADE: Fields = [
  ["connection", "upgrade"],
  ["upgrade", "websocket"],
];

describe("the head of a response", () => {
  it("loses what ends at this hop, and gets server and date", () => {
    const { fields } = rules.response(
      {},
      [
        ["connection", "x-named"],
        ["x-named", "1"],
        ["keep-alive", "1"],
        ["proxy-connection", "x"],
        ["upgrade", "h2c"],
        ["transfer-encoding", "chunked"],
        ["x-last", "1"],
      ],
      [],
    );
    expect(fields).toEqual([
      ["x-named", "1"],
      ["x-last", "1"],
      ["server", "envoy"],
      ["date", EPOCH],
    ]);
  });

  it.each([
    ["OVERWRITE", "nginx", "envoy"],
    ["OVERWRITE", undefined, "envoy"],
    ["APPEND_IF_ABSENT", "nginx", "nginx"],
    ["APPEND_IF_ABSENT", undefined, "envoy"],
    ["PASS_THROUGH", "nginx", "nginx"],
    ["PASS_THROUGH", undefined, undefined],
  ] as const)("%s makes server %j to %j", (serverHeaderTransformation, sent, expected) => {
    const fields: Fields = sent === undefined ? [] : [["server", sent]];
    expect(rules.response({ serverHeaderTransformation }, fields, []).get("server")).toBe(expected);
  });

  it("keeps the origin's date", () => {
    expect(rules.response({}, [["date", "then"]], []).get("date")).toBe("then");
  });

  it("appends via", () => {
    expect(rules.response({ via: "me" }, [["via", "1.1 cdn"]], []).get("via")).toBe("1.1 cdn, me");
  });

  it("says close when the connection closes", () => {
    expect(rules.response({}, [["connection", "keep-alive"]], [], RESPONSE_CLOSE).get("connection")).toBe("close");
    expect(rules.response({}, [["connection", "keep-alive"]], []).get("connection")).toBe(undefined);
  });

  it.each<[string, object, Fields | null, string]>([
    ["nobody asked", {}, [["x-request-id", "r"]], "theirs"],
    ["the config asks", { alwaysSetRequestIdInResponse: true }, [["x-request-id", "r"]], "r"],
    [
      "the client asks",
      {},
      [
        ["x-request-id", "r"],
        ["x-envoy-force-trace", "1"],
      ],
      "r",
    ],
    ["the request has none", { alwaysSetRequestIdInResponse: true }, [], "theirs"],
    ["there is no request", { alwaysSetRequestIdInResponse: true }, null, "theirs"],
  ])("x-request-id when %s", (_what, params, request, expected) => {
    expect(rules.response(params, [["x-request-id", "theirs"]], request).get("x-request-id")).toBe(expected);
  });

  it("an interim response only loses fields", () => {
    const { fields } = rules.response(
      { via: "me" },
      [
        ["link", "</a>"],
        ["keep-alive", "1"],
      ],
      [],
      RESPONSE_INTERIM,
      103,
    );
    expect(fields).toEqual([["link", "</a>"]]);
  });

  it("an upgrade keeps its fields when both sides speak of it, and has no content unless it says so", () => {
    const switched = rules.response({}, UPGRADE, UPGRADE, RESPONSE_CLOSE, 101);
    expect(switched.fields.slice(0, 2)).toEqual(UPGRADE);
    expect(switched.get("content-length")).toBe(undefined);
    expect(rules.response({}, UPGRADE, UPGRADE, 0, 200).get("content-length")).toBe("0");
    expect(rules.response({}, [...UPGRADE, ["content-length", "5"]], UPGRADE, 0, 200).get("content-length")).toBe("5");
    expect(rules.response({}, UPGRADE, []).get("upgrade")).toBe(undefined);
  });

  it.each([
    "location",
    "etag",
    "vary",
    "age",
    "grpc-status",
    "cache-control",
    "access-control-allow-origin",
    "x-envoy-degraded",
  ])("%s is one field", (name) => {
    expect(
      rules
        .response(
          {},
          [
            [name, "1"],
            [name, "2"],
          ],
          [],
        )
        .get(name),
    ).toBe("1,2");
  });

  it.each(["set-cookie", "x-custom", "user-agent", "www-authenticate", "warning", "accept"])(
    "%s keeps its lines",
    (name) => {
      expect(
        rules
          .response(
            {},
            [
              [name, "1"],
              [name, "2"],
            ],
            [],
          )
          .get(name),
      ).toBe("1|2");
    },
  );
});
