/** Why an exchange with an upstream ended early, and what a client is told of it; the words are those of Envoy's local replies and response code details. */

import {
  LOCAL_RESET,
  UPSTREAM_CONNECTION_FAILURE,
  UPSTREAM_CONNECTION_TERMINATION,
  UPSTREAM_OVERFLOW,
  UPSTREAM_PROTOCOL_ERROR,
  UPSTREAM_REMOTE_RESET,
} from "../stream_info/response_flags.ts";

export interface ResetReason {
  /** As in "reset reason: connection termination". */
  readonly text: string;
  /** As in "upstream_reset_before_response_started{connection_termination}". */
  readonly details: string;
  readonly flag: number;
  /** Of the answer to a client that has none yet. */
  readonly status: number;
}

function reason(text: string, flag: number, status = 503): ResetReason {
  return { text, details: text.replaceAll(" ", "_"), flag, status };
}

export const RESET_LOCAL_CONNECTION_FAILURE = reason("local connection failure", UPSTREAM_CONNECTION_FAILURE);
export const RESET_REMOTE_CONNECTION_FAILURE = reason("remote connection failure", UPSTREAM_CONNECTION_FAILURE);
export const RESET_CONNECTION_TIMEOUT = reason("connection timeout", UPSTREAM_CONNECTION_FAILURE);
export const RESET_CONNECTION_TERMINATION = reason("connection termination", UPSTREAM_CONNECTION_TERMINATION);
export const RESET_OVERFLOW = reason("overflow", UPSTREAM_OVERFLOW);
export const RESET_LOCAL = reason("local reset", LOCAL_RESET);
export const RESET_REMOTE = reason("remote reset", UPSTREAM_REMOTE_RESET);
/** The upstream has not looked at the request: another connection may carry it. */
export const RESET_REMOTE_REFUSED = reason("remote refused stream reset", UPSTREAM_REMOTE_RESET);
/** It could not connect to whom a CONNECT was for. */
export const RESET_CONNECT_ERROR = reason("remote error with CONNECT request", UPSTREAM_REMOTE_RESET);
export const RESET_PROTOCOL_ERROR = reason("protocol error", UPSTREAM_PROTOCOL_ERROR, 502);
