/** envoy.config.accesslog.v3 and the loggers that we have. */
import type { Any, FractionalPercent, RuntimeUInt32, SubstitutionFormatString } from "./core.ts";
import type { HeaderMatcher } from "./route.ts";

export interface AccessLog {
  readonly name?: string;
  readonly filter?: AccessLogFilter;
  readonly typed_config?: FileAccessLog | StreamAccessLog;
}

/** envoy.extensions.access_loggers.file.v3.FileAccessLog; without a format, Envoy's default one. */
export interface FileAccessLog extends Any {
  readonly "@type": "envoy.extensions.access_loggers.file.v3.FileAccessLog";
  readonly path: string;
  readonly log_format?: SubstitutionFormatString;
  /** Deprecated spellings of `log_format`. */
  readonly format?: string;
  readonly json_format?: SubstitutionFormatString["json_format"];
  readonly typed_json_format?: SubstitutionFormatString["json_format"];
}

export interface StreamAccessLog extends Any {
  readonly "@type":
    | "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
    | "envoy.extensions.access_loggers.stream.v3.StderrAccessLog";
  readonly log_format?: SubstitutionFormatString;
}

/** envoy.config.accesslog.v3.AccessLogFilter; exactly one is set. */
export interface AccessLogFilter {
  readonly status_code_filter?: { readonly comparison: ComparisonFilter };
  readonly duration_filter?: { readonly comparison: ComparisonFilter };
  readonly not_health_check_filter?: object;
  readonly and_filter?: { readonly filters: readonly AccessLogFilter[] };
  readonly or_filter?: { readonly filters: readonly AccessLogFilter[] };
  readonly header_filter?: { readonly header: HeaderMatcher };
  readonly response_flag_filter?: { readonly flags?: readonly string[] };
  readonly grpc_status_filter?: { readonly statuses?: readonly string[]; readonly exclude?: boolean };
  readonly runtime_filter?: {
    readonly percent_sampled?: FractionalPercent;
    readonly use_independent_randomness?: boolean;
  };
}

export interface ComparisonFilter {
  /** Absent: EQ. */
  readonly op?: "EQ" | "GE" | "LE" | "NE";
  readonly value: RuntimeUInt32;
}
