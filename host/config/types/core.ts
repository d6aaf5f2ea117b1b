/**
 * The canonical form of a decoded config, and the small messages that many others hold.
 *
 * Names are the API's own, snake_case. What is not set is absent, and so is a scalar without presence that has its default
 * value; who reads a field applies Envoy's default. Enums are their upper-case names; durations are numbers of
 * milliseconds with a fraction (`DurationMs`); 64-bit integers are numbers where those are exact and bigints beyond;
 * wrappers (`UInt32Value`) are the plain value; bytes are padded base64; maps and Structs are plain objects without a
 * prototype; an `Any` is its message with its full name as `@type`. All of it is frozen and may be sent to a worker.
 */

/** Milliseconds, fractions down to a nanosecond. */
export type DurationMs = number;

/** A google.protobuf.Struct or Value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A decoded google.protobuf.Any; `@type` is the message's full name without a prefix. */
export interface Any {
  readonly "@type": string;
}

/** envoy.config.core.v3.TypedExtensionConfig and the like. */
export interface TypedExtension<Config extends Any = Any> {
  readonly name: string;
  readonly typed_config?: Config;
}

export interface SocketAddress {
  readonly protocol?: "TCP" | "UDP";
  readonly address: string;
  readonly port_value?: number;
  readonly named_port?: string;
  readonly resolver_name?: string;
  readonly ipv4_compat?: boolean;
}

export interface Pipe {
  /** A leading `@` means Linux' abstract namespace. */
  readonly path: string;
  readonly mode?: number;
}

/** envoy.config.core.v3.Address; exactly one is set. */
export interface Address {
  readonly socket_address?: SocketAddress;
  readonly pipe?: Pipe;
}

export interface CidrRange {
  readonly address_prefix: string;
  readonly prefix_len?: number;
}

export interface Locality {
  readonly region?: string;
  readonly zone?: string;
  readonly sub_zone?: string;
}

/** envoy.config.core.v3.DataSource; exactly one is set. */
export interface DataSource {
  readonly filename?: string;
  readonly inline_bytes?: string;
  readonly inline_string?: string;
  readonly environment_variable?: string;
}

export interface HeaderValue {
  readonly key: string;
  readonly value?: string;
}

export type HeaderAppendAction =
  | "APPEND_IF_EXISTS_OR_ADD"
  | "ADD_IF_ABSENT"
  | "OVERWRITE_IF_EXISTS_OR_ADD"
  | "OVERWRITE_IF_EXISTS";

export interface HeaderValueOption {
  readonly header: HeaderValue;
  /** Deprecated; when set it decides, and `append_action` is not looked at. */
  readonly append?: boolean;
  readonly append_action?: HeaderAppendAction;
  readonly keep_empty_value?: boolean;
}

export interface RuntimeFeatureFlag {
  readonly default_value: boolean;
  readonly runtime_key?: string;
}

export interface RuntimeUInt32 {
  readonly default_value?: number;
  readonly runtime_key?: string;
}

/** envoy.type.v3.Percent, 0 to 100. */
export interface Percent {
  readonly value?: number;
}

export interface Int32Range {
  readonly start?: number;
  /** Not included. */
  readonly end?: number;
}

export interface RegexMatcher {
  /** RE2 syntax; matches the whole value. */
  readonly regex: string;
}

export interface RegexMatchAndSubstitute {
  readonly pattern: RegexMatcher;
  readonly substitution?: string;
}

/** envoy.type.matcher.v3.StringMatcher; one of the patterns is set (an empty exact match leaves none). */
export interface StringMatcher {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly safe_regex?: RegexMatcher;
  readonly ignore_case?: boolean;
}

/** envoy.config.core.v3.SubstitutionFormatString; one format is set. */
export interface SubstitutionFormatString {
  readonly text_format?: string;
  readonly json_format?: JsonObject;
  readonly text_format_source?: DataSource;
  readonly omit_empty_values?: boolean;
  readonly content_type?: string;
  readonly json_format_options?: { readonly sort_properties?: boolean };
}

/** envoy.config.core.v3.HttpProtocolOptions. */
export interface HttpProtocolOptions {
  readonly idle_timeout?: DurationMs;
  readonly max_connection_duration?: DurationMs;
  readonly max_headers_count?: number;
  readonly max_response_headers_kb?: number;
  readonly max_stream_duration?: DurationMs;
  readonly headers_with_underscores_action?: "ALLOW" | "REJECT_REQUEST" | "DROP_HEADER";
  readonly max_requests_per_connection?: number;
}

/** envoy.config.core.v3.Http1ProtocolOptions. */
export interface Http1ProtocolOptions {
  readonly accept_http_10?: boolean;
  readonly default_host_for_http_10?: string;
  readonly enable_trailers?: boolean;
}

/** envoy.config.core.v3.Http2ProtocolOptions; `host/codec/http2_settings.ts` knows what holds for what is absent. */
export interface Http2ProtocolOptions {
  readonly hpack_table_size?: number;
  readonly max_concurrent_streams?: number;
  readonly initial_stream_window_size?: number;
  readonly initial_connection_window_size?: number;
  readonly allow_connect?: boolean;
  readonly max_outbound_frames?: number;
  readonly max_outbound_control_frames?: number;
  readonly max_consecutive_inbound_frames_with_empty_payload?: number;
  readonly max_inbound_priority_frames_per_stream?: number;
  readonly max_inbound_window_update_frames_per_data_frame_sent?: number;
  /** Deprecated; the other says it with presence. */
  readonly stream_error_on_invalid_http_messaging?: boolean;
  readonly override_stream_error_on_invalid_http_message?: boolean;
  readonly connection_keepalive?: KeepaliveSettings;
}

/** envoy.config.core.v3.KeepaliveSettings. */
export interface KeepaliveSettings {
  /** Absent: no PING at regular times. */
  readonly interval?: DurationMs;
  readonly timeout: DurationMs;
  /** Absent: 15. */
  readonly interval_jitter?: Percent;
  /** Upstream: a PING goes ahead of a request after so long a silence. */
  readonly connection_idle_interval?: DurationMs;
}

/** envoy.config.core.v3.UpstreamHttpProtocolOptions. */
export interface UpstreamHttpProtocolOptions {
  readonly auto_sni?: boolean;
  readonly auto_san_validation?: boolean;
  readonly override_auto_sni_header?: string;
}

/** envoy.config.core.v3.RuntimeFractionalPercent. */
export interface RuntimeFractionalPercent {
  readonly default_value: FractionalPercent;
  readonly runtime_key?: string;
}

/** envoy.type.v3.FractionalPercent; absent denominator: HUNDRED. */
export interface FractionalPercent {
  readonly numerator?: number;
  readonly denominator?: "HUNDRED" | "TEN_THOUSAND" | "MILLION";
}

/** What is said beside the settings, by namespace; typed metadata is for filters that are not here. */
export interface Metadata {
  readonly filter_metadata?: Readonly<Record<string, JsonObject>>;
}
