// Which streams a log takes.
import { afterAll, describe, expect, it } from "vitest";
import { compileFilter } from "../../../host/access_log/filter.ts";
import { compileHeaderPredicate } from "../../../host/access_log/header_predicate.ts";
import type { AccessLogFilter, ComparisonFilter } from "../../../host/config/types/access_log.ts";
import { NO_ROUTE_FOUND, UPSTREAM_CONNECTION_TERMINATION } from "../../../host/stream_info/response_flags.ts";
import type { StreamInfo } from "../../../host/stream_info/stream_info.ts";
import { Core } from "../../../host/wasm/core.ts";
import { HeaderMap } from "../../../host/wasm/header_view.ts";
import { fakeStream } from "./fake_stream.ts";

const core = new Core();
const headers = new HeaderMap(core);
headers.create();
headers.add("x-log", "1");
afterAll(() => headers.release());

const passes = (filter: AccessLogFilter, facts: Partial<StreamInfo>) => compileFilter(filter)(fakeStream(facts));
const comparison = (op: NonNullable<ComparisonFilter["op"]>, default_value: number) => ({
  comparison: { op, value: { default_value, runtime_key: "k" } },
});

describe("status_code_filter", () => {
  it.each([
    ["GE", 500, 503, true],
    ["GE", 500, 499, false],
    ["LE", 0, 0, true],
    ["NE", 200, 200, false],
    ["EQ", 200, 200, true],
  ] as const)("%s %d on %d", (op, limit, responseCode, expected) => {
    expect(passes({ status_code_filter: comparison(op, limit) }, { responseCode })).toBe(expected);
  });
});

describe("duration_filter", () => {
  it("compares whole milliseconds", () => {
    expect(passes({ duration_filter: comparison("GE", 150) }, { startMs: 0, endMs: 150.2 })).toBe(true);
    expect(passes({ duration_filter: comparison("GE", 150) }, { startMs: 0, endMs: 149.9 })).toBe(false);
  });

  it("takes no stream that has not ended", () => {
    expect(passes({ duration_filter: comparison("GE", 0) }, {})).toBe(false);
  });
});

describe("response_flag_filter", () => {
  it("takes any flag when none is named", () => {
    expect(passes({ response_flag_filter: {} }, { responseFlags: NO_ROUTE_FOUND })).toBe(true);
    expect(passes({ response_flag_filter: {} }, {})).toBe(false);
  });

  it("takes the flags that are named", () => {
    const filter = { response_flag_filter: { flags: ["UC", "NR"] } };
    expect(passes(filter, { responseFlags: UPSTREAM_CONNECTION_TERMINATION })).toBe(true);
    expect(passes({ response_flag_filter: { flags: ["UC"] } }, { responseFlags: NO_ROUTE_FOUND })).toBe(false);
  });
});

describe("grpc_status_filter", () => {
  const filter = (statuses: readonly string[], exclude = false) => ({ grpc_status_filter: { statuses, exclude } });

  it("takes the statuses that are named, or all others", () => {
    expect(passes(filter(["UNIMPLEMENTED"]), { responseCode: 404 })).toBe(true);
    expect(passes(filter(["OK", "CANCELED"]), { responseCode: 404 })).toBe(false);
    expect(passes(filter(["UNIMPLEMENTED"], true), { responseCode: 404 })).toBe(false);
  });

  it("takes no answer for UNKNOWN", () => {
    expect(passes(filter(["UNKNOWN"]), {})).toBe(true);
  });
});

describe("runtime_filter", () => {
  const filter = (numerator: number, rest: object = {}) => ({
    runtime_filter: { percent_sampled: { numerator }, ...rest },
  });

  it("takes all or none at the ends", () => {
    expect(passes(filter(100), {})).toBe(true);
    expect(passes(filter(0), {})).toBe(false);
    expect(passes(filter(100, { use_independent_randomness: true }), { requestId: "ffffffff" })).toBe(true);
  });

  it("decides by the request id, alike in every proxy", () => {
    // 0x32 = 50, 0x31 = 49
    expect(passes(filter(50), { requestId: "00000032-0000-4000-8000-000000000000" })).toBe(false);
    expect(passes(filter(50), { requestId: "00000031-0000-4000-8000-000000000000" })).toBe(true);
  });
});

describe("and, or, header", () => {
  const hasHeader: AccessLogFilter = { header_filter: { header: { name: "X-Log", present_match: true } } };
  const isFine: AccessLogFilter = { status_code_filter: comparison("EQ", 200) };

  it("look at the request's head", () => {
    expect(passes(hasHeader, { requestHeaders: headers })).toBe(true);
    expect(passes(hasHeader, {})).toBe(false);
  });

  it("combine", () => {
    const facts = { requestHeaders: headers, responseCode: 404 };
    expect(passes({ and_filter: { filters: [hasHeader, isFine] } }, facts)).toBe(false);
    expect(passes({ or_filter: { filters: [hasHeader, isFine] } }, facts)).toBe(true);
    expect(passes({ not_health_check_filter: {} }, facts)).toBe(true);
  });
});

describe("header predicates", () => {
  const matches = (matcher: object, ...values: string[]) =>
    compileHeaderPredicate({ name: "a", ...matcher })(() => values);

  it("look at each value, and one is enough", () => {
    expect(matches({ string_match: { exact: "admin" } }, "user", "admin")).toBe(true);
    expect(matches({ string_match: { exact: "user,admin" } }, "user", "admin")).toBe(false);
    expect(matches({ string_match: { exact: "admin" }, invert_match: true }, "user", "admin")).toBe(false);
  });

  it("match nothing where the header is missing, unless that counts as empty", () => {
    expect(matches({ string_match: { exact: "a" }, invert_match: true })).toBe(false);
    expect(matches({ string_match: { exact: "a" }, invert_match: true, treat_missing_header_as_empty: true })).toBe(
      true,
    );
  });

  it("read numbers of 64 bits", () => {
    const range_match = { start: -(2n ** 63n), end: 2n ** 63n - 1n };
    expect(matches({ range_match }, "-9223372036854775808")).toBe(true);
    expect(matches({ range_match }, "9223372036854775807")).toBe(false);
    expect(matches({ range_match }, "9223372036854775808")).toBe(false);
    expect(matches({ range_match: { start: 1, end: 3 } }, " +2 ")).toBe(true);
  });
});
