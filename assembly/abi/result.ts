// Result codes, in ranges by room. A code names the fault of a peer; our own faults trap.
//
//   0x000  general     0x040  header blocks     0x100  HTTP/1     0x200  HTTP/2     0x300  HPACK     0x400  routes

export const OK: u32 = 0;

/** No room for another field or a longer value: the head is at the limit of the largest block, or all blocks are taken. */
export const HEADER_NO_ROOM: u32 = 0x40;
/** RFC 9110 7.6.1: Connection names a field that must not be named, or too many. Envoy: 400, `http1.connection_header_rejected`. */
export const HEADER_CONNECTION_REFUSED: u32 = 0x41;

// --- HTTP/1: one code for each rule that a peer may break (docs/http1_strictness.md, host/codec/http1_errors.ts)

/** RFC 9112 3.1: the line does not begin with a method that the proxy knows. */
export const H1_METHOD: u32 = 0x100;
/** RFC 9112 3: a request line is method, target and version, three words. */
export const H1_REQUEST_LINE: u32 = 0x101;
/** RFC 9112 2.3: the version is written `HTTP/` DIGIT `.` DIGIT. */
export const H1_VERSION: u32 = 0x102;
/** A version that is not served: HTTP/1.0 where it is not allowed, 0.9, and everything but 1.1. */
export const H1_LOW_VERSION: u32 = 0x103;
/** RFC 9112 3.2: the target holds a byte that no target has, or has none of the four forms. */
export const H1_TARGET: u32 = 0x104;
/** RFC 9112 3.2.2, 3.2.4: an absolute form that is no http or https URL, or `*` without OPTIONS. */
export const H1_TARGET_URL: u32 = 0x105;
/** RFC 9112 3.2.1: a fragment is not sent. */
export const H1_TARGET_FRAGMENT: u32 = 0x106;
/** RFC 9113 3.4: the preface of HTTP/2 on a connection that speaks HTTP/1. */
export const H1_HTTP2_PREFACE: u32 = 0x107;
/** RFC 9112 4: a status line is `HTTP/1.x`, three digits, perhaps a reason. */
export const H1_STATUS_LINE: u32 = 0x108;
/** RFC 9112 5.1, RFC 9110 5.6.2: a field name is a token, and its colon follows at once. */
export const H1_FIELD_NAME: u32 = 0x109;
/** RFC 9112 5: a line of the section without a colon. */
export const H1_FIELD_COLON: u32 = 0x10a;
/** RFC 9110 5.5: a control byte in a name or value. */
export const H1_CONTROL_BYTE: u32 = 0x10b;
/** RFC 9112 2.2: CR that is not followed by LF. */
export const H1_BARE_CR: u32 = 0x10c;
/** RFC 9112 2.2: white space between the start line and the first field line. */
export const H1_FOLD_FIRST: u32 = 0x10d;
/** The head is larger than `max_request_headers_kb` (or the cluster's limit). */
export const H1_HEAD_TOO_LARGE: u32 = 0x10e;
/** The head has more field lines than `max_headers_count`. */
export const H1_TOO_MANY_FIELDS: u32 = 0x10f;
/** RFC 9112 3.2: a request without a Host, or one whose Connection names Host. */
export const H1_HOST_MISSING: u32 = 0x110;
/** RFC 9112 3.2: more than one Host. */
export const H1_HOST_TWICE: u32 = 0x111;
/** RFC 9110 7.2, RFC 3986 3.2: a byte that no authority has. */
export const H1_HOST_INVALID: u32 = 0x112;
/** RFC 9112 6.3: Content-Length and Transfer-Encoding together. */
export const H1_BOTH_FRAMINGS: u32 = 0x113;
/** RFC 9112 6.1: a Transfer-Encoding other than one `chunked`. */
export const H1_TRANSFER_ENCODING: u32 = 0x114;
/** RFC 9110 8.6: a Content-Length that is not one number below 2^63. */
export const H1_CONTENT_LENGTH: u32 = 0x115;
/** RFC 9110 8.6: more than one Content-Length, even when they are equal. */
export const H1_CONTENT_LENGTH_TWICE: u32 = 0x116;
/** RFC 9112 6.1: Transfer-Encoding in HTTP/1.0. */
export const H1_TRANSFER_ENCODING_HTTP10: u32 = 0x117;
/** RFC 9112 6.1: Transfer-Encoding in a 1xx or 204 response. */
export const H1_TRANSFER_ENCODING_NOT_ALLOWED: u32 = 0x118;
/** RFC 9110 8.6: a Content-Length other than 0 in a 1xx or 204 response. */
export const H1_CONTENT_LENGTH_NOT_ALLOWED: u32 = 0x119;
/** RFC 9110 9.3.6: content in a CONNECT request. */
export const H1_CONTENT_NOT_ALLOWED: u32 = 0x11a;
/** RFC 9112 7.1: a chunk size is hexadecimal digits, below 2^60. */
export const H1_CHUNK_SIZE: u32 = 0x11b;
/** RFC 9112 7.1.1: after the size comes CRLF, or an extension that begins with `;` and holds no CR, LF or NUL. */
export const H1_CHUNK_EXTENSION: u32 = 0x11c;
/** A chunk line longer than CHUNK_LINE_MAX. */
export const H1_CHUNK_LINE_TOO_LONG: u32 = 0x11d;
/** RFC 9112 7.1: CRLF follows the data of a chunk. */
export const H1_CHUNK_END: u32 = 0x11e;
/** The trailer section is larger than the head may be. */
export const H1_TRAILERS_TOO_LARGE: u32 = 0x11f;
/** The trailer section has more field lines than the head may have. */
export const H1_TOO_MANY_TRAILERS: u32 = 0x120;
/** Bytes from the upstream that answer no request. */
export const H1_UNASKED_BYTES: u32 = 0x121;
/** RFC 9110 15.2.2: 101 without a request for an upgrade. */
export const H1_UNASKED_UPGRADE: u32 = 0x122;
/** More than INTERIM_RESPONSES_MAX responses with 1xx before the final one. */
export const H1_TOO_MANY_INTERIM: u32 = 0x123;
/** RFC 9112 8: the connection ended in the middle of a message. */
export const H1_CUT_SHORT: u32 = 0x124;
/** More bytes than CARRIED_MAX behind a message that is not answered yet: the reader was not paused. */
export const H1_CARRIED_TOO_MUCH: u32 = 0x125;
/** Our own limit: all header blocks of the worker are in use. */
export const H1_NO_BLOCK: u32 = 0x126;
/** Our own rule, if the operator sets it: no underscore in a field name. */
export const H1_UNDERSCORE: u32 = 0x127;
/** RFC 9110 7.8: content in a request that asks for an upgrade. */
export const H1_UPGRADE_CONTENT: u32 = 0x128;
