// Kinds of event records: four words each, {kind, a, b, c}, written by a feed and read by the host before its next call.

/** A head is complete. a = block, b = flags (HEADERS_...), c = method id (server) or status (client). */
export const EVENT_HEADERS: u32 = 1;
/** Body bytes. a = address, b = length, c = END_STREAM or 0. Valid until the next read. */
export const EVENT_DATA: u32 = 2;
/** A trailer section. a = block, b = END_STREAM. */
export const EVENT_TRAILERS: u32 = 3;
/** The peer broke a rule. a = result code; nothing follows. */
export const EVENT_ERROR: u32 = 4;

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
