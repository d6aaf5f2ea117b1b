/** How an HTTP/2 connection is opened, in Envoy's words (Http2ProtocolOptions, HttpConnectionManager, Cluster), and how the core is told. */

import type { Http2ProtocolOptions } from "../config/types/core.ts";
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
  readonly keepalive?: Http2Keepalive | null;
  /**
   * `override_stream_error_on_invalid_http_message`: false ends the connection for a malformed message, else it ends its stream alone. Absent is as true,
   * though Envoy takes it for false: one bad request is no reason to cut those beside it.
   */
  readonly streamErrorOnInvalidMessage?: boolean;
}

/** PING at regular times, in milliseconds (`connection_keepalive`). */
export interface Http2Keepalive {
  /** 0: none. */
  readonly intervalMs: number;
  /** Any frame in so much time is an answer. */
  readonly timeoutMs: number;
  /** So much is added at most, at random. */
  readonly jitterMs: number;
  /** A PING goes ahead of a request after so long a silence, 0: none. Upstream only. */
  readonly idleIntervalMs: number;
}

// Envoy's defaults, but for the windows.
const MAX_CONCURRENT_STREAMS = 1024;
const HPACK_TABLE_SIZE = 4096;
const MAX_OUTBOUND_FRAMES = 10_000;
const MAX_OUTBOUND_CONTROL_FRAMES = 1_000;
const MAX_EMPTY_FRAMES = 1;
const MAX_PRIORITY_FRAMES = 100;
const MAX_WINDOW_UPDATES = 10;
/**
 * Envoy's are 16 MiB and 24 MiB, and what a window allows may come while nobody takes it, so they are what a connection may cost. With these a stream still has 40
 * Mbit/s at a round trip of 50 ms, and 64 of them can stand still before the others feel it.
 */
const STREAM_WINDOW = 256 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const JITTER_PERCENT = 15;

/**
 * The one reading of Http2ProtocolOptions, of both sides. Limits of heads stand elsewhere in the config: `rest`.
 */
export function http2SettingsOf(
  options: Http2ProtocolOptions,
  rest: Pick<Http2Settings, "maxHeadBytes" | "maxHeaders" | "underscores">,
): Http2Settings {
  const { connection_keepalive: keepalive, stream_error_on_invalid_http_messaging: deprecated } = options;
  const interval = keepalive?.interval ?? 0;
  const jitter = keepalive?.interval_jitter;
  const isStreamError = options.override_stream_error_on_invalid_http_message ?? deprecated;
  return {
    ...rest,
    maxConcurrentStreams: options.max_concurrent_streams ?? MAX_CONCURRENT_STREAMS,
    initialStreamWindowSize: options.initial_stream_window_size ?? STREAM_WINDOW,
    initialConnectionWindowSize: options.initial_connection_window_size ?? CONNECTION_WINDOW,
    hpackTableSize: options.hpack_table_size ?? HPACK_TABLE_SIZE,
    allowConnect: options.allow_connect ?? false,
    maxOutboundFrames: options.max_outbound_frames ?? MAX_OUTBOUND_FRAMES,
    maxOutboundControlFrames: options.max_outbound_control_frames ?? MAX_OUTBOUND_CONTROL_FRAMES,
    maxConsecutiveInboundFramesWithEmptyPayload:
      options.max_consecutive_inbound_frames_with_empty_payload ?? MAX_EMPTY_FRAMES,
    maxInboundPriorityFramesPerStream: options.max_inbound_priority_frames_per_stream ?? MAX_PRIORITY_FRAMES,
    maxInboundWindowUpdateFramesPerDataFrameSent:
      options.max_inbound_window_update_frames_per_data_frame_sent ?? MAX_WINDOW_UPDATES,
    streamErrorOnInvalidMessage: isStreamError ?? true,
    keepalive:
      keepalive === undefined
        ? null
        : {
            intervalMs: interval,
            timeoutMs: keepalive.timeout,
            jitterMs: (interval * (jitter === undefined ? JITTER_PERCENT : (jitter.value ?? 0))) / 100,
            idleIntervalMs: keepalive.connection_idle_interval ?? 0,
          },
  };
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
  set(H2_SETTINGS_TABLE_SIZE, settings.hpackTableSize ?? HPACK_TABLE_SIZE);
  set(H2_SETTINGS_MAX_OUTBOUND_FRAMES, settings.maxOutboundFrames ?? MAX_OUTBOUND_FRAMES);
  set(H2_SETTINGS_MAX_OUTBOUND_CONTROL_FRAMES, settings.maxOutboundControlFrames ?? MAX_OUTBOUND_CONTROL_FRAMES);
  set(H2_SETTINGS_MAX_EMPTY_FRAMES, settings.maxConsecutiveInboundFramesWithEmptyPayload ?? MAX_EMPTY_FRAMES);
  set(H2_SETTINGS_MAX_PRIORITY_FRAMES, settings.maxInboundPriorityFramesPerStream ?? MAX_PRIORITY_FRAMES);
  set(H2_SETTINGS_MAX_WINDOW_UPDATES, settings.maxInboundWindowUpdateFramesPerDataFrameSent ?? MAX_WINDOW_UPDATES);
  return SCRATCH_START;
}

function optionsOf(settings: Http2Settings): number {
  let options = 0;
  if (settings.allowConnect === true) options |= H2_OPTION_CONNECT;
  if (settings.underscores === "reject") options |= H2_OPTION_REJECT_UNDERSCORES;
  if (settings.underscores === "drop") options |= H2_OPTION_DROP_UNDERSCORES;
  return options;
}
