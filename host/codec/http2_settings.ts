/** How an HTTP/2 connection is opened, in Envoy's words (Http2ProtocolOptions, HttpConnectionManager, Cluster), and how the core is told. */

import type { Core } from "../wasm/core.ts";
import {
  H2_OPTION_CONNECT,
  H2_OPTION_DROP_UNDERSCORES,
  H2_OPTION_REJECT_UNDERSCORES,
  H2_SETTINGS_BYTES,
  H2_SETTINGS_CONNECTION_WINDOW,
  H2_SETTINGS_MAX_EMPTY_FRAMES,
  H2_SETTINGS_MAX_FIELDS,
  H2_SETTINGS_MAX_HEAD_BYTES,
  H2_SETTINGS_MAX_OUTBOUND_CONTROL_FRAMES,
  H2_SETTINGS_MAX_OUTBOUND_FRAMES,
  H2_SETTINGS_MAX_PRIORITY_FRAMES,
  H2_SETTINGS_MAX_STREAMS,
  H2_SETTINGS_MAX_WINDOW_UPDATES,
  H2_SETTINGS_OPTIONS,
  H2_SETTINGS_STREAM_WINDOW,
  H2_SETTINGS_TABLE_SIZE,
  SCRATCH_START,
} from "../wasm/layout.gen.ts";

export interface Http2Settings {
  /** max_request_headers_kb, or the cluster's limit for responses, in bytes. Also the limit of a trailer section. */
  readonly maxHeadBytes: number;
  /** common_http_protocol_options.max_headers_count. Also the limit of a trailer section. */
  readonly maxHeaders: number;
  readonly maxConcurrentStreams: number;
  /** What one stream may hold in memory. */
  readonly initialStreamWindowSize: number;
  /** What all streams of the connection may hold together. */
  readonly initialConnectionWindowSize: number;
  /** At most 16,384. */
  readonly hpackTableSize?: number;
  /** allow_connect: extended CONNECT (RFC 8441). */
  readonly allowConnect?: boolean;
  readonly maxOutboundFrames?: number;
  readonly maxOutboundControlFrames?: number;
  readonly maxConsecutiveInboundFramesWithEmptyPayload?: number;
  readonly maxInboundPriorityFramesPerStream?: number;
  readonly maxInboundWindowUpdateFramesPerDataFrameSent?: number;
  /** headers_with_underscores_action. */
  readonly underscores?: "allow" | "reject" | "drop";
}

/** Writes the settings to the core's scratch; their address. */
export function writeHttp2Settings(core: Core, settings: Http2Settings): number {
  const { words } = core;
  words.fill(0, SCRATCH_START >> 2, (SCRATCH_START + H2_SETTINGS_BYTES) >> 2);
  const set = (offset: number, value: number) => {
    words[(SCRATCH_START + offset) >> 2] = value;
  };
  set(H2_SETTINGS_OPTIONS, optionsOf(settings));
  set(H2_SETTINGS_MAX_HEAD_BYTES, settings.maxHeadBytes);
  set(H2_SETTINGS_MAX_FIELDS, settings.maxHeaders);
  set(H2_SETTINGS_MAX_STREAMS, settings.maxConcurrentStreams);
  set(H2_SETTINGS_STREAM_WINDOW, settings.initialStreamWindowSize);
  set(H2_SETTINGS_CONNECTION_WINDOW, settings.initialConnectionWindowSize);
  set(H2_SETTINGS_TABLE_SIZE, settings.hpackTableSize ?? 4096);
  set(H2_SETTINGS_MAX_OUTBOUND_FRAMES, settings.maxOutboundFrames ?? 10_000);
  set(H2_SETTINGS_MAX_OUTBOUND_CONTROL_FRAMES, settings.maxOutboundControlFrames ?? 1_000);
  set(H2_SETTINGS_MAX_EMPTY_FRAMES, settings.maxConsecutiveInboundFramesWithEmptyPayload ?? 1);
  set(H2_SETTINGS_MAX_PRIORITY_FRAMES, settings.maxInboundPriorityFramesPerStream ?? 100);
  set(H2_SETTINGS_MAX_WINDOW_UPDATES, settings.maxInboundWindowUpdateFramesPerDataFrameSent ?? 10);
  return SCRATCH_START;
}

function optionsOf(settings: Http2Settings): number {
  let options = 0;
  if (settings.allowConnect === true) options |= H2_OPTION_CONNECT;
  if (settings.underscores === "reject") options |= H2_OPTION_REJECT_UNDERSCORES;
  if (settings.underscores === "drop") options |= H2_OPTION_DROP_UNDERSCORES;
  return options;
}
