/** Why an exchange with an upstream ended early; the words are those of Envoy's local replies and response code details. */

export interface ResetReason {
  /** As in "reset reason: connection termination". */
  readonly text: string;
  /** As in "upstream_reset_before_response_started{connection_termination}". */
  readonly details: string;
}

function reason(text: string): ResetReason {
  return { text, details: text.replaceAll(" ", "_") };
}

export const RESET_LOCAL_CONNECTION_FAILURE = reason("local connection failure");
export const RESET_REMOTE_CONNECTION_FAILURE = reason("remote connection failure");
export const RESET_CONNECTION_TIMEOUT = reason("connection timeout");
export const RESET_CONNECTION_TERMINATION = reason("connection termination");
export const RESET_OVERFLOW = reason("overflow");
export const RESET_LOCAL = reason("local reset");
export const RESET_REMOTE = reason("remote reset");
export const RESET_PROTOCOL_ERROR = reason("protocol error");
