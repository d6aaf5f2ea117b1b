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

// --- HTTP/2: below H2_STREAM_CODES they end the connection, from there on one stream (http2/errors has the code on the wire and the scope)

/** RFC 9113 3.4: the client's connection preface. */
export const H2_PREFACE: u32 = 0x200;
/** RFC 9113 3.4: SETTINGS is the first frame of each side. */
export const H2_FIRST_FRAME: u32 = 0x201;
/** RFC 9113 4.2: a frame longer than we allow, or of a length that its type does not have. */
export const H2_FRAME_SIZE: u32 = 0x202;
/** RFC 9113 5.1.1, 6: a frame on stream 0 that belongs to a stream, or the other way round. */
export const H2_FRAME_STREAM: u32 = 0x203;
/** RFC 9113 6.1, 6.2: padding as long as the frame or longer. */
export const H2_PADDING: u32 = 0x204;
/** RFC 9113 6.5.2: a value that its setting cannot have. */
export const H2_SETTINGS_VALUE: u32 = 0x205;
/** RFC 9113 6.5.2: an initial window above 2^31-1. */
export const H2_SETTINGS_WINDOW: u32 = 0x206;
/** RFC 9113 6.5.3: an acknowledgement of SETTINGS that were not sent. */
export const H2_SETTINGS_ACK: u32 = 0x207;
/** RFC 9113 6.10: CONTINUATION without a header block, or another frame inside one. */
export const H2_CONTINUATION: u32 = 0x208;
/** RFC 9113 8.4: PUSH_PROMISE; we never allow it. */
export const H2_PUSH: u32 = 0x209;
/** RFC 9113 5.1: a frame for a stream that is idle. */
export const H2_IDLE_STREAM: u32 = 0x20a;
/** RFC 9113 5.1.1: a stream opened with an id of the other side, or below one opened before. */
export const H2_STREAM_ID: u32 = 0x20b;
/** RFC 9113 5.1: HEADERS behind the end of its stream. */
export const H2_STREAM_ENDED: u32 = 0x20c;
/** RFC 9113 6.9: a connection's WINDOW_UPDATE of zero. */
export const H2_WINDOW_ZERO: u32 = 0x20d;
/** RFC 9113 6.9.1: a connection's window above 2^31-1. */
export const H2_WINDOW_OVERFLOW: u32 = 0x20e;
/** RFC 9113 6.9.1: more DATA than the connection's window. */
export const H2_WINDOW_EXCEEDED: u32 = 0x20f;
/** RFC 9113 6.8: a GOAWAY that takes back streams which the one before had left. */
export const H2_GOAWAY_ID: u32 = 0x210;
/** RFC 9113 5.4.1: the connection ended with streams open, or in a frame. */
export const H2_CUT_SHORT: u32 = 0x211;
/** Our own limit: all header blocks of the worker are in use. */
export const H2_NO_BLOCK: u32 = 0x212;
/** A header block that is larger encoded than it may be decoded. */
export const H2_HEADER_BLOCK: u32 = 0x213;

// --- what a peer may do, but not without end (http2/budget)

export const H2_FLOOD_CONTINUATION: u32 = 0x220;
/** Envoy: max_outbound_control_frames. */
export const H2_FLOOD_CONTROL: u32 = 0x221;
export const H2_FLOOD_SETTINGS: u32 = 0x222;
export const H2_FLOOD_PING: u32 = 0x223;
/** Envoy: max_consecutive_inbound_frames_with_empty_payload. */
export const H2_FLOOD_EMPTY: u32 = 0x224;
/** Envoy: max_inbound_priority_frames_per_stream. */
export const H2_FLOOD_PRIORITY: u32 = 0x225;
/** Envoy: max_inbound_window_update_frames_per_data_frame_sent. */
export const H2_FLOOD_WINDOW_UPDATE: u32 = 0x226;
export const H2_FLOOD_UNKNOWN: u32 = 0x227;
export const H2_FLOOD_PADDING: u32 = 0x228;
/** Envoy: overload.premature_reset_total_stream_count. */
export const H2_FLOOD_RESET: u32 = 0x229;
export const H2_FLOOD_STREAM_ERRORS: u32 = 0x22a;

export const H2_STREAM_CODES: u32 = 0x240;
/** RFC 9113 5.1: a frame behind the end of its stream. */
export const H2_STREAM_CLOSED: u32 = 0x240;
/** RFC 9113 6.9.1: more DATA than the stream's window. */
export const H2_STREAM_WINDOW_EXCEEDED: u32 = 0x241;
/** RFC 9113 6.9: a stream's WINDOW_UPDATE of zero. */
export const H2_STREAM_WINDOW_ZERO: u32 = 0x242;
/** RFC 9113 6.9.1, 6.9.2: a stream's window above 2^31-1. */
export const H2_STREAM_WINDOW_OVERFLOW: u32 = 0x243;
/** RFC 9113 6.3: PRIORITY is five bytes. */
export const H2_PRIORITY_SIZE: u32 = 0x244;
/** RFC 7540 5.3.1: a stream that depends on itself. */
export const H2_SELF_DEPENDENCY: u32 = 0x245;
/** RFC 9113 5.1.2: more streams than max_concurrent_streams, or than the worker has. */
export const H2_REFUSED: u32 = 0x246;
/** RFC 9113 8.1: a second header section that does not end its stream. */
export const H2_TRAILERS_GO_ON: u32 = 0x247;
/** RFC 9113 8.2.1: a name in upper case, empty, or with a byte that no name has. */
export const H2_FIELD_NAME: u32 = 0x248;
/** RFC 9113 8.2.1: a control byte in a value, or white space at its ends. */
export const H2_FIELD_VALUE: u32 = 0x249;
/** RFC 9113 8.2.2: a field of the connection, or `te` other than `trailers`. */
export const H2_CONNECTION_FIELD: u32 = 0x24a;
/** RFC 9113 8.3: a pseudo field that is unknown, twice there, behind other fields, or of the other direction. */
export const H2_PSEUDO: u32 = 0x24b;
/** RFC 9113 8.3.1, 8.3.2: a pseudo field is missing. */
export const H2_PSEUDO_MISSING: u32 = 0x24c;
/** RFC 9110 9.1: a method that is no token. */
export const H2_METHOD: u32 = 0x24d;
/** RFC 9113 8.3.1: a path that is empty or no origin form, or `*` without OPTIONS. */
export const H2_PATH: u32 = 0x24e;
/** RFC 9113 8.3.1: a scheme other than http or https. */
export const H2_SCHEME: u32 = 0x24f;
/** RFC 9113 8.3.1: an authority with user information, or a byte that no authority has. */
export const H2_AUTHORITY: u32 = 0x250;
/** RFC 9113 8.3.1: `host` and `:authority` differ, or there are several `host`. */
export const H2_HOST: u32 = 0x251;
/** RFC 9113 8.3.2: a status of three digits; never 101 (8.6), and 1xx does not end a stream (8.1). */
export const H2_STATUS: u32 = 0x252;
/** RFC 9110 8.6: content-length is one number. */
export const H2_CONTENT_LENGTH: u32 = 0x253;
/** RFC 9113 8.1.1: the content is not as long as content-length says. */
export const H2_CONTENT_MISMATCH: u32 = 0x254;
/** RFC 9113 8.1: DATA before the head, or more than 256 interim responses. */
export const H2_SEQUENCE: u32 = 0x255;
/** Our own rule, if the operator sets it: no underscore in a field name. */
export const H2_UNDERSCORE: u32 = 0x256;
/** The head is larger than `max_request_headers_kb`. The stream may be answered: 431. */
export const H2_HEAD_TOO_LARGE: u32 = 0x258;
/** The head has more fields than `max_headers_count`. The stream may be answered: 431. */
export const H2_TOO_MANY_FIELDS: u32 = 0x259;

// --- HPACK: each of these leaves the two sides with different tables, so the connection ends (RFC 9113 4.3)

/** RFC 7541 5.1: an integer that is cut off, or longer than any that makes sense. */
export const HPACK_INTEGER: u32 = 0x300;
/** RFC 7541 2.3.3: an index outside of both tables. */
export const HPACK_INDEX: u32 = 0x301;
/** RFC 7541 5.2: a string that is longer than what is left of the block. */
export const HPACK_STRING: u32 = 0x302;
/** RFC 7541 5.2: EOS in a string, or padding that is not a part of it. */
export const HPACK_HUFFMAN: u32 = 0x303;
/** RFC 7541 6.3: a table larger than we allow. */
export const HPACK_TABLE_SIZE: u32 = 0x304;
/** RFC 7541 4.2: a size update behind a field. */
export const HPACK_TABLE_SIZE_LATE: u32 = 0x305;
/** RFC 7541 4.2: we made the table smaller, and the peer does not follow. */
export const HPACK_TABLE_SIZE_MISSING: u32 = 0x306;
