/** google.protobuf.Duration in JSON: `1.5s`, and Envoy's reader also takes `{seconds: 1, nanos: 500000000}`. */
import { describeNode, quote, type SourceNode } from "../source/node.ts";
import { decodeScalar } from "./scalar.ts";

const DURATION = /^(-?)([0-9]+)(?:\.([0-9]{1,9}))?s$/;
const SECONDS_MAX = 315_576_000_000;
/** What Envoy can hold in nanoseconds of 64 bits. */
const ENVOY_SECONDS_MAX = 9_223_372_035;
const NANOS_MAX = 999_999_999;

export type DurationResult = { readonly value: number } | { readonly reason: string };

/** Milliseconds. */
export function decodeDuration(node: SourceNode): DurationResult {
  if (node.kind === "map") return fromFields(node);
  if (node.kind !== "string") return { reason: `expected a duration such as "1.5s", found ${describeNode(node)}` };
  const match = DURATION.exec(node.text);
  if (match === null) return { reason: `${quote(node.text)} is no duration: seconds with a final "s", such as "1.5s"` };
  const [, sign, whole, fraction = ""] = match;
  const seconds = Number(whole);
  const nanos = Number(fraction.padEnd(9, "0"));
  return checked(sign === "-" ? -seconds : seconds, sign === "-" ? -nanos : nanos);
}

function fromFields(node: SourceNode & { kind: "map" }): DurationResult {
  const parts = { seconds: 0, nanos: 0 };
  for (const { key, value } of node.entries) {
    if (key !== "seconds" && key !== "nanos")
      return { reason: `no such field in google.protobuf.Duration: ${quote(key)}` };
    if (value.kind === "null") continue;
    const result = decodeScalar(key === "seconds" ? "l" : "i", value);
    if ("reason" in result) return result;
    parts[key] = Number(result.value);
  }
  return checked(parts.seconds, parts.nanos);
}

function checked(seconds: number, nanos: number): DurationResult {
  if (seconds < 0 || nanos < 0) return { reason: "a duration must not be negative" };
  if (seconds > SECONDS_MAX || seconds > ENVOY_SECONDS_MAX || nanos > NANOS_MAX)
    return { reason: "the duration is out of range" };
  return { value: seconds * 1000 + nanos / 1e6 };
}

/** The spelling of a duration of `ms` milliseconds: `1.500s`, with 0, 3, 6 or 9 decimals as protobuf prints it. */
export function formatDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  if (nanos === 0) return `${seconds}s`;
  const digits = String(nanos).padStart(9, "0");
  const decimals = nanos % 1_000_000 === 0 ? 3 : nanos % 1000 === 0 ? 6 : 9;
  return `${seconds}.${digits.slice(0, decimals)}s`;
}
