import { expect, it } from "vitest";
import { formatGrpcTimeout, readGrpcTimeout } from "../../../host/http/grpc_timeout.ts";

it.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["3S", 3_000],
  ["4m", 4],
  ["4001u", 5],
  ["1n", 1],
  ["0S", 0],
  ["99999999H", 359_999_996_400_000],
  ["100000000m", -1],
  ["1", -1],
  ["S", -1],
  ["1s", -1],
  ["-1S", -1],
  [" 1S", -1],
  ["1S ", -1],
  ["", -1],
])("%j is %d ms", (value, ms) => expect(readGrpcTimeout(value)).toBe(ms));

it.each([
  [0, "0m"],
  [99_999_999, "99999999m"],
  [100_000_999, "100000S"],
  [100_000_000_000, "1666666M"],
  [6_000_000_000_000, "1666666H"],
  [1e18, "99999999H"],
])("%d ms is %s", (ms, value) => expect(formatGrpcTimeout(ms)).toBe(value));
