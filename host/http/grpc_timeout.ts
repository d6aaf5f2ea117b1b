/** The header `grpc-timeout` (PROTOCOL-HTTP2.md, "Timeout"), read and written in milliseconds. */

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Digits of a timeout at most. */
const VALUE_MAX = 99_999_999;

/** Milliseconds, rounded up; -1: there is none that can be read. */
export function readGrpcTimeout(value: string | undefined): number {
  if (value === undefined || !/^\d{1,8}[HMSmun]$/.test(value)) return -1;
  return Math.ceil(Number(value.slice(0, -1)) * (UNIT_MS[value.at(-1) as string] as number));
}

/** The finest unit whose number has room for it. */
export function formatGrpcTimeout(timeoutMs: number): string {
  let time = timeoutMs;
  if (time <= VALUE_MAX) return `${time}m`;
  time = Math.trunc(time / 1000);
  if (time <= VALUE_MAX) return `${time}S`;
  time = Math.trunc(time / 60);
  if (time <= VALUE_MAX) return `${time}M`;
  return `${Math.min(Math.trunc(time / 60), VALUE_MAX)}H`;
}
