/** What a client is told when no upstream answers, and of how many tries it is told (Envoy's words). */

import type { TerminalStream } from "../../../host/http/terminal_stream.ts";
import { NO_HEALTHY_UPSTREAM } from "../../../host/stream_info/response_flags.ts";
import { RESET_OVERFLOW, type ResetReason } from "../../../host/upstream/reset_reason.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import { HEADER_X_ENVOY_ATTEMPT_COUNT, HEADER_X_ENVOY_OVERLOADED } from "../../../host/wasm/layout.gen.ts";

/** Where the virtual host wants it (`include_attempt_count_in_response`). */
export function tellAttempts({ attemptCount, route }: TerminalStream, headers: HeaderMap): void {
  if (route?.virtualHost.includeAttemptCountInResponse) {
    headers.setIdNumber(HEADER_X_ENVOY_ATTEMPT_COUNT, attemptCount);
  }
}

/** A reply that is told of nothing else. */
export function replyFailure(
  stream: TerminalStream,
  status: number,
  body: string,
  details: string,
  flag: number,
): void {
  stream.sendLocalReply(status, body, details, flag, (headers) => tellAttempts(stream, headers));
}

export function replyWithoutHost(stream: TerminalStream): void {
  replyFailure(stream, 503, "no healthy upstream", "no_healthy_upstream", NO_HEALTHY_UPSTREAM);
}

/** @param cause what the kernel or TLS said of it, or empty */
export function replyReset(stream: TerminalStream, reason: ResetReason, cause: string, tellsOverload: boolean): void {
  const details = cause === "" ? reason.details : `${reason.details}|${cause}`;
  const which = stream.attemptCount > 1 ? "retried and the latest reset reason" : "reset reason";
  stream.sendLocalReply(
    reason.status,
    `upstream connect error or disconnect/reset before headers. ${which}: ${reason.text}`,
    `upstream_reset_before_response_started{${details}}`,
    reason.flag,
    (headers) => {
      tellAttempts(stream, headers);
      if (tellsOverload && reason === RESET_OVERFLOW) headers.setId(HEADER_X_ENVOY_OVERLOADED, "true");
    },
  );
}
