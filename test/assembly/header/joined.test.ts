import { describe, expect, it } from "vitest";
import { isJoined } from "../../../host/route/joined_headers.ts";
import { Core } from "../../../host/wasm/core.ts";
import type { ForwardParams } from "../../../host/wasm/forward.ts";
import { HEADER_LAST_PSEUDO } from "../../../host/wasm/layout.gen.ts";
import { ForwardRules } from "../../support/forward_rules.ts";

/** Rules that take away or write as little as they can. */
const QUIET: Partial<ForwardParams> = {
  useRemoteAddress: true,
  skipXffAppend: true,
  internalRanges: [{ address: "10.0.0.0", prefixBits: 8 }],
  forwardClientCertDetails: "ALWAYS_FORWARD_ONLY",
  serverHeaderTransformation: "PASS_THROUGH",
};
/** What they take away or write all the same. */
const NOT_SEEN = new Set([
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "x-forwarded-proto",
  "x-envoy-internal",
]);

const core = new Core();
const rules = new ForwardRules(core);
const names = core.names.slice(HEADER_LAST_PSEUDO + 1).filter((name) => !NOT_SEEN.has(name));

describe("names whose values are joined", () => {
  it.each(names)("%s: heads that come in and headers that a config adds agree", (name) => {
    const twice = [
      [name, "1"],
      [name, "2"],
    ] as const;
    const request = rules.request(QUIET, { address: "10.0.0.1" }, twice).get(name);
    expect(request).toBe(isJoined(name, "request") ? "1,2" : "1|2");
    const response = rules.response(QUIET, twice, []).get(name);
    expect(response).toBe(isJoined(name, "response") ? "1,2" : "1|2");
  });
});
