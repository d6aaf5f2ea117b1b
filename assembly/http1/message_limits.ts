// Quantities of HTTP/1 that are no region of memory (those are in abi/limits).

/** Bytes of one chunk line: size, extensions, CRLF. Extensions are dropped, so this bounds work and not memory. */
export const CHUNK_LINE_MAX: u32 = 32 * 1024;

/** Interim responses (1xx) before one final response. */
export const INTERIM_RESPONSES_MAX: u32 = 256;

/** Bytes that may wait behind a message which is not answered yet: one read, and what a second one brought before the pause took effect. */
export const CARRIED_MAX: u32 = 128 * 1024;

/** Text that a request gains by being parsed: `https` for its scheme, `/` for an absolute form without a path. */
export const GAINED_TEXT_MAX: u32 = 8;

/** Fields that a head gains by its start line: method, path, authority, scheme. */
export const PSEUDO_FIELDS_MAX: u32 = 4;

/** A field name longer than its length can be written in a header block. */
export const FIELD_NAME_MAX: u32 = 0xffff;
