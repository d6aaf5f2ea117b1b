/**
 * What each rule of HTTP/1 means when a peer breaks it: the answer to a client, and what logs and stats say. Details are Envoy's
 * (response code details of its HTTP/1 codec and connection manager) where it has the rule.
 */

import { DOWNSTREAM_PROTOCOL_ERROR, OVERLOAD_MANAGER_TERMINATED } from "../stream_info/response_flags.ts";
import {
  H1_BARE_CR,
  H1_BOTH_FRAMINGS,
  H1_CARRIED_TOO_MUCH,
  H1_CHUNK_END,
  H1_CHUNK_EXTENSION,
  H1_CHUNK_LINE_TOO_LONG,
  H1_CHUNK_SIZE,
  H1_CONTENT_LENGTH,
  H1_CONTENT_LENGTH_NOT_ALLOWED,
  H1_CONTENT_LENGTH_TWICE,
  H1_CONTENT_NOT_ALLOWED,
  H1_CONTROL_BYTE,
  H1_CUT_SHORT,
  H1_FIELD_COLON,
  H1_FIELD_NAME,
  H1_FOLD_FIRST,
  H1_HEAD_TOO_LARGE,
  H1_HOST_INVALID,
  H1_HOST_MISSING,
  H1_HOST_TWICE,
  H1_HTTP2_PREFACE,
  H1_LOW_VERSION,
  H1_METHOD,
  H1_NO_BLOCK,
  H1_REQUEST_LINE,
  H1_STATUS_LINE,
  H1_TARGET,
  H1_TARGET_FRAGMENT,
  H1_TARGET_URL,
  H1_TOO_MANY_FIELDS,
  H1_TOO_MANY_INTERIM,
  H1_TOO_MANY_TRAILERS,
  H1_TRAILERS_TOO_LARGE,
  H1_TRANSFER_ENCODING,
  H1_TRANSFER_ENCODING_HTTP10,
  H1_TRANSFER_ENCODING_NOT_ALLOWED,
  H1_UNASKED_BYTES,
  H1_UNASKED_UPGRADE,
  H1_UNDERSCORE,
  H1_UPGRADE_CONTENT,
  H1_VERSION,
} from "../wasm/layout.gen.ts";

export interface Http1Error {
  readonly code: number;
  /** Name of the rule, as in docs/http1_strictness.md. */
  readonly rule: string;
  /** Status of the answer to a client; 0: there is nobody to answer. */
  readonly status: number;
  /** `%RESPONSE_CODE_DETAILS%`. */
  readonly details: string;
  /** Bits of host/http/response_flags, for the downstream side. */
  readonly flags: number;
  /** Counts in `downstream_cx_protocol_error`, or the cluster's `upstream_cx_protocol_error`. */
  readonly isProtocolError: boolean;
  /**
   * Envoy's connection manager finds it in a head that its codec took: the answer has no body, and the request counts as one
   * that arrived.
   */
  readonly isOfManager: boolean;
}

/** Also what a connection manager says to an upgrade that it does not allow. */
export const UPGRADE_FAILED = "upgrade_failed";

const DPE = DOWNSTREAM_PROTOCOL_ERROR;

const table = new Map<number, Http1Error>();

function rule(code: number, name: string, status: number, details: string, flags: number = DPE): void {
  const isProtocolError = flags === DPE;
  table.set(code, { code, rule: name, status, details, flags, isProtocolError, isOfManager: flags === 0 });
}

// --- start line
rule(H1_METHOD, "method", 400, "http1.codec_error");
rule(H1_REQUEST_LINE, "request_line", 400, "http1.codec_error");
rule(H1_VERSION, "version", 400, "http1.codec_error");
rule(H1_LOW_VERSION, "low_version", 426, "low_version");
rule(H1_TARGET, "target", 400, "http1.codec_error");
rule(H1_TARGET_URL, "target_url", 400, "http1.invalid_url");
rule(H1_TARGET_FRAGMENT, "target_fragment", 400, "path_normalization_failed", 0);
rule(H1_HTTP2_PREFACE, "http2_preface", 400, "http1.http2_preface");
rule(H1_STATUS_LINE, "status_line", 0, "http1.codec_error");
// --- field lines
rule(H1_FIELD_NAME, "field_name", 400, "http1.codec_error");
rule(H1_FIELD_COLON, "field_colon", 400, "http1.codec_error");
rule(H1_CONTROL_BYTE, "control_byte", 400, "http1.invalid_characters");
rule(H1_BARE_CR, "bare_cr", 400, "http1.codec_error");
rule(H1_FOLD_FIRST, "fold_first", 400, "http1.codec_error");
rule(H1_UNDERSCORE, "underscore", 400, "http1.unexpected_underscore");
rule(H1_HEAD_TOO_LARGE, "head_too_large", 431, "http1.headers_too_large");
rule(H1_TOO_MANY_FIELDS, "too_many_fields", 431, "http1.too_many_headers");
rule(H1_HOST_MISSING, "host_missing", 400, "missing_host_header", 0);
rule(H1_HOST_TWICE, "host_twice", 400, "http.invalid_authority");
rule(H1_HOST_INVALID, "host_invalid", 400, "http.invalid_authority");
// --- framing
rule(H1_BOTH_FRAMINGS, "both_framings", 400, "http1.content_length_and_chunked_not_allowed");
rule(H1_TRANSFER_ENCODING, "transfer_encoding", 501, "http1.invalid_transfer_encoding");
rule(H1_TRANSFER_ENCODING_HTTP10, "transfer_encoding_http10", 400, "http1.transfer_encoding_not_allowed");
rule(H1_TRANSFER_ENCODING_NOT_ALLOWED, "transfer_encoding_not_allowed", 0, "http1.transfer_encoding_not_allowed");
rule(H1_CONTENT_LENGTH, "content_length", 400, "http1.codec_error");
rule(H1_CONTENT_LENGTH_TWICE, "content_length_twice", 400, "http1.codec_error");
rule(H1_CONTENT_LENGTH_NOT_ALLOWED, "content_length_not_allowed", 0, "http1.content_length_not_allowed");
rule(H1_CONTENT_NOT_ALLOWED, "content_not_allowed", 400, "http1.body_disallowed");
rule(H1_UPGRADE_CONTENT, "upgrade_content", 403, UPGRADE_FAILED, 0);
// --- chunks and trailers
rule(H1_CHUNK_SIZE, "chunk_size", 400, "http1.codec_error");
rule(H1_CHUNK_EXTENSION, "chunk_extension", 400, "http1.codec_error");
rule(H1_CHUNK_LINE_TOO_LONG, "chunk_line_too_long", 400, "http1.codec_error");
rule(H1_CHUNK_END, "chunk_end", 400, "http1.codec_error");
rule(H1_TRAILERS_TOO_LARGE, "trailers_too_large", 431, "http1.trailers_too_large");
rule(H1_TOO_MANY_TRAILERS, "too_many_trailers", 431, "http1.too_many_trailers");
// --- the connection
rule(H1_UNASKED_BYTES, "unasked_bytes", 0, "http1.unasked_bytes");
rule(H1_UNASKED_UPGRADE, "unasked_upgrade", 0, "http1.unasked_upgrade");
rule(H1_TOO_MANY_INTERIM, "too_many_interim", 0, "http1.too_many_interim_responses");
rule(H1_CUT_SHORT, "cut_short", 0, "http1.connection_ended");
rule(H1_CARRIED_TOO_MUCH, "carried_too_much", 400, "http1.pipeline_too_large");
rule(H1_NO_BLOCK, "no_block", 503, "http1.out_of_header_blocks", OVERLOAD_MANAGER_TERMINATED);

/** Every rule, in the order of the wire: for pages and tests. */
export const HTTP1_ERRORS: readonly Http1Error[] = [...table.values()];

/** What a code of the core means. Another code than those of HTTP/1 is our own fault. */
export function describeError(code: number): Http1Error {
  const error = table.get(code);
  if (error === undefined) throw new Error(`result code 0x${code.toString(16)} is none of HTTP/1`);
  return error;
}

/** The peer ended the connection in the middle of a message: no rule of syntax was broken. */
export function isCutShort(code: number): boolean {
  return code === H1_CUT_SHORT;
}
