/*
 * The body that the upstream sends and the generator expects, byte by byte: printable, and without a short period, so
 * that a piece which is lost, doubled or out of its place shows. The same function is in body.ts.
 */
static inline char body_byte(long at) { return (char)(33 + (at * 31 + (at >> 6) * 7 + (at >> 12) * 11) % 94); }
