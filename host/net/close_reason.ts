/**
 * Why a connection ended: one interned object per cause, so that closing allocates nothing.
 *
 * `kind` says whose doing it was; `code` is the errno's name where the kernel gave one, else empty.
 */

import { getSystemErrorName } from "node:util";

export type CloseKind =
  /** We closed: `close()`, `closeAfterFlush()` or `reset()`. */
  | "local"
  /** Both sides ended in order. */
  | "ended"
  /** The peer tore the connection down: ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN (at our FIN). */
  | "reset"
  /** The kernel gave up or refused: ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EMFILE, ... */
  | "error";

export interface CloseReason {
  readonly kind: CloseKind;
  /** errno name, "" for `local` and `ended`. */
  readonly code: string;
  /** What failed above the socket, in Envoy's words: why there is no TLS. Absent where the kernel's code says it all. */
  readonly transportFailure?: string;
}

export const CLOSED_LOCALLY: CloseReason = Object.freeze({ kind: "local", code: "" });
export const CLOSED_BY_BOTH: CloseReason = Object.freeze({ kind: "ended", code: "" });

/** TLS could not be agreed on, or the peer's certificate was refused. */
export const TLS_FAILED = "TLS";

export function closeReasonOfTls(transportFailure: string): CloseReason {
  return { kind: "error", code: TLS_FAILED, transportFailure };
}

const RESET_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ENOTCONN"]);

const byErrno = new Map<number, CloseReason>();
const byCode = new Map<string, CloseReason>();

/** The reason for a libuv error number (negative). */
export function closeReasonOfErrno(errno: number): CloseReason {
  let reason = byErrno.get(errno);
  if (reason === undefined) {
    reason = closeReasonOfCode(errnoName(errno));
    byErrno.set(errno, reason);
  }
  return reason;
}

/** The reason for an errno name, as in `error.code`. */
export function closeReasonOfCode(code: string): CloseReason {
  let reason = byCode.get(code);
  if (reason === undefined) {
    reason = Object.freeze<CloseReason>({ kind: RESET_CODES.has(code) ? "reset" : "error", code });
    byCode.set(code, reason);
  }
  return reason;
}

/** "ECONNRESET" for -104; "errno -N" for a number that the system does not know. */
export function errnoName(errno: number): string {
  try {
    return getSystemErrorName(errno);
  } catch {
    return `errno ${errno}`;
  }
}
