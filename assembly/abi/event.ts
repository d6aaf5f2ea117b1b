// Kinds of event records: four words each, {kind, a, b, c}, written by a feed and read by the host before its next call.

/** A head is complete. a = block, b = flags (HEADERS_...), c = method id (server) or status (client). */
export const EVENT_HEADERS: u32 = 1;
/** Body bytes. a = address, b = length, c = END_STREAM or 0. Valid until the next read. */
export const EVENT_DATA: u32 = 2;
/** A trailer section. a = block, b = END_STREAM. */
export const EVENT_TRAILERS: u32 = 3;
/** The peer broke a rule. a = result code; nothing follows. */
export const EVENT_ERROR: u32 = 4;

// Of HTTP/2, where word c is always the stream: HEADERS has its code in the upper half of b (`flags | code << 16`), DATA its END_STREAM in the uppermost bit of
// b (EVENT_DATA_END), TRAILERS is the same, ERROR has stream 0 for the connection. And these:

/** The peer reset a stream, or will not answer it. a = error code of RFC 9113 7. */
export const EVENT_RESET: u32 = 5;
/** A stream whose content was not taken whole may go on. */
export const EVENT_WRITABLE: u32 = 6;
/** The peer begins no more, or answers no more. a = error code, b = last stream. Streams above it get EVENT_RESET with REFUSED_STREAM. */
export const EVENT_GOAWAY: u32 = 7;
/** The answer to `http2Ping`: a, b = its eight bytes. */
export const EVENT_PING_ACK: u32 = 8;
/** The peer's SETTINGS have come, the first ones or others. */
export const EVENT_SETTINGS: u32 = 9;

export const EVENT_DATA_END: u32 = 0x8000_0000;

export const END_STREAM: u32 = 1;
export const HEADERS_END_STREAM: u32 = END_STREAM;
export const HEADERS_KEEP_ALIVE: u32 = 2;
export const HEADERS_UPGRADE: u32 = 4;
export const HEADERS_EXPECT_CONTINUE: u32 = 8;
export const HEADERS_HTTP10: u32 = 16;
export const HEADERS_CHUNKED: u32 = 32;
export const HEADERS_CONTENT_LENGTH: u32 = 64;
/** The path does not begin with a slash: `*`, or there is none (CONNECT). */
export const HEADERS_NO_SLASH: u32 = 128;
