// What a peer may do, but not without end. One table of limits; each has its own result code, which ends the connection with ENHANCE_YOUR_CALM.
//
//   what                     limit                                      why, and whose number
//   CONTINUATION             512 in one block                           CVE-2024-27316: a block that never ends. Envoy's number (tried)
//   bytes of a header block  maxHeadBytes + 16 KiB, encoded             an encoded block is seldom larger than what it says
//   acks and RST_STREAM      max_outbound_control_frames unsent         CVE-2019-9512, 9514, 9515: answers pile up at who does not read. Envoy
//   SETTINGS                 100 a second                               CVE-2019-9515, with the answers read; nobody changes its mind so often
//   PING                     250 a second                               CVE-2019-9512, with the answers read
//   empty frames             max_consecutive_inbound_frames_with_...    CVE-2019-9518: frames that say nothing. Envoy
//   PRIORITY                 max_inbound_priority_frames_per_stream     CVE-2019-9513. Envoy
//   WINDOW_UPDATE            5 + 2 x (streams + max_..._per_data x DATA frames sent)    Envoy
//   unknown frames           1,000 a second                             extensions are ignored (RFC 9113 5.5), PRIORITY_UPDATE too; a flood is none
//   more padding than data   1,000 a second                             data dribble: 256 bytes on the wire for one
//   early resets             half of the streams, beyond 250            CVE-2023-44487: within a second of HEADERS. Envoy: overload.premature_reset_*
//   early refusals           1,000 cost nothing                         a client may not have seen max_concurrent_streams when it begins
//   errors of streams        100 more than streams that ended well      CVE-2025-8671: resets that we are made to send

import {
  H2_FLOOD_CONTROL,
  H2_FLOOD_EMPTY,
  H2_FLOOD_PADDING,
  H2_FLOOD_PING,
  H2_FLOOD_PRIORITY,
  H2_FLOOD_RESET,
  H2_FLOOD_SETTINGS,
  H2_FLOOD_STREAM_ERRORS,
  H2_FLOOD_UNKNOWN,
  H2_FLOOD_WINDOW_UPDATE,
  H2_REFUSED,
  OK,
} from "../abi/result";
import { H2_FACT_SETTLED, Http2Connection } from "./connection";
import { Stream } from "./stream";

export const H2_CONTINUATIONS_MAX: u32 = 512;
/** Encoded bytes of a header block, above the limit for the decoded ones. */
export const H2_HEADER_BLOCK_MARGIN: u32 = 16 * 1024;
export const H2_SETTINGS_PER_SECOND: u32 = 100;
export const H2_PINGS_PER_SECOND: u32 = 250;
export const H2_UNKNOWN_PER_SECOND: u32 = 1000;
export const H2_PADDED_PER_SECOND: u32 = 1000;
export const H2_PREMATURE_LIFETIME_MS: u32 = 1000;
export const H2_PREMATURE_STREAMS: u32 = 500;
export const H2_STREAM_ERRORS_MAX: u32 = 100;
/** Streams refused before the client acknowledged how many it may open. */
export const H2_EARLY_REFUSALS_MAX: u32 = 1000;
const WINDOW_UPDATES_FREE: u32 = 5;

/** Starts a new second, if the one under way is over. Once a call. */
export function startSecond(it: Http2Connection, now: u32): void {
  if (now - it.secondStartMs < 1000) return;
  it.secondStartMs = now;
  it.settingsThisSecond = 0;
  it.pingsThisSecond = 0;
  it.unknownThisSecond = 0;
  it.paddedThisSecond = 0;
}

// Each of these counts one event; a result code.

export function spendSettings(it: Http2Connection): u32 {
  return ++it.settingsThisSecond > H2_SETTINGS_PER_SECOND ? H2_FLOOD_SETTINGS : OK;
}

export function spendPing(it: Http2Connection): u32 {
  return ++it.pingsThisSecond > H2_PINGS_PER_SECOND ? H2_FLOOD_PING : OK;
}

export function spendUnknown(it: Http2Connection): u32 {
  return ++it.unknownThisSecond > H2_UNKNOWN_PER_SECOND ? H2_FLOOD_UNKNOWN : OK;
}

export function spendPadding(it: Http2Connection): u32 {
  return ++it.paddedThisSecond > H2_PADDED_PER_SECOND ? H2_FLOOD_PADDING : OK;
}

/** A frame of HEADERS, CONTINUATION or DATA that ends nothing. */
export function spendEmpty(it: Http2Connection): u32 {
  return ++it.emptyFrames > it.maxEmptyFrames ? H2_FLOOD_EMPTY : OK;
}

export function spendPriority(it: Http2Connection): u32 {
  const most = <u64>it.maxPriorityFrames * (1 + <u64>it.inboundStreams);
  return <u64>++it.priorityFrames > most ? H2_FLOOD_PRIORITY : OK;
}

export function spendWindowUpdate(it: Http2Connection): u32 {
  const most = <u64>it.inboundStreams + <u64>it.maxWindowUpdates * it.dataFramesSent;
  return <u64>++it.windowUpdates > WINDOW_UPDATES_FREE + 2 * most ? H2_FLOOD_WINDOW_UPDATE : OK;
}

/** The peer reset a stream. */
export function spendReset(it: Http2Connection, stream: Stream, now: u32): u32 {
  it.endedStreams++;
  if (now - stream.openedMs >= H2_PREMATURE_LIFETIME_MS) return OK;
  it.prematureResets++;
  return it.prematureResets * 2 > max(H2_PREMATURE_STREAMS, it.endedStreams) ? H2_FLOOD_RESET : OK;
}

export function spendStreamError(it: Http2Connection, code: u32): u32 {
  const isEarly = code == H2_REFUSED && (it.facts & H2_FACT_SETTLED) == 0;
  if (isEarly && ++it.earlyRefusals <= H2_EARLY_REFUSALS_MAX) return OK;
  return ++it.streamErrors > H2_STREAM_ERRORS_MAX ? H2_FLOOD_STREAM_ERRORS : OK;
}

/** A stream ended on both sides. */
export function earnStream(it: Http2Connection): void {
  it.endedStreams++;
  if (it.streamErrors > 0) it.streamErrors--;
}

/** Acks and resets that the host has not seen flushed. */
export function checkControlFrames(it: Http2Connection): u32 {
  return it.outboundControlFrames > it.maxOutboundControlFrames ? H2_FLOOD_CONTROL : OK;
}
