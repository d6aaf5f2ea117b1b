/** envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol */

export interface ProxyProtocol {
  readonly rules?: readonly TlvRule[];
  readonly allow_requests_without_proxy_protocol?: boolean;
  readonly pass_through_tlvs?: PassThroughTlvs;
  readonly disallowed_versions?: readonly ("V1" | "V2")[];
  /** Absent: the stats have no prefix. */
  readonly stat_prefix?: string;
}

export interface TlvRule {
  /** Absent: 0. */
  readonly tlv_type?: number;
  readonly on_tlv_present?: {
    /** Absent: the filter's name. */
    readonly metadata_namespace?: string;
    readonly key?: string;
    /** Absent: as UTF-8, with `!` for what is none. */
    readonly value_string_encoding?: "UNSPECIFIED" | "SANITIZED_UTF8" | "BASE64";
  };
}

export interface PassThroughTlvs {
  /** Absent: INCLUDE_ALL. */
  readonly match_type?: "INCLUDE_ALL" | "INCLUDE";
  readonly tlv_type?: readonly number[];
}
