// The static table, RFC 7541 appendix A: 61 fields that need not be sent.

import { equalBytes } from "../bytes/copy";
import { nameId } from "../header/names";
import {
  HPACK_STATIC,
  HPACK_STATIC_BY_ID,
  HPACK_STATIC_BYTES,
  HPACK_STATIC_COUNT,
  HPACK_STATIC_TEXT,
  HPACK_STATIC_TEXT_BYTES,
  NAMES_MAX,
} from "../memory/arena";

/** One row: 16 bytes. */
@unmanaged
export class StaticField {
  name: u32;
  value: u32;
  nameLength: u16;
  valueLength: u16;
  /** Known name (header/names), or 0. */
  id: u32;
}

let textEnd: u32 = HPACK_STATIC_TEXT;
let rows: u32 = 0;

export function staticAt(index: u32): StaticField {
  return changetype<StaticField>(<usize>(HPACK_STATIC + index * HPACK_STATIC_BYTES));
}

/** The index of the first field of a known name; 0: none. */
export function staticIndex(id: u32): u32 {
  return load<u8>(HPACK_STATIC_BY_ID + id);
}

/** The index of the field of this name and value among those that start at `first` = staticIndex(id); 0: none. */
export function staticExact(first: u32, value: usize, length: u32): u32 {
  const id = staticAt(first).id;
  for (let i = first; i <= HPACK_STATIC_COUNT; i++) {
    const row = staticAt(i);
    if (row.id != id) return 0;
    if (row.valueLength == length && equalBytes(row.value, value, length)) return length == 0 ? 0 : i;
  }
  return 0;
}

/** Builds the table. Once, from `init`, behind `namesInit`. */
export function staticTableInit(): void {
  textEnd = HPACK_STATIC_TEXT;
  rows = 0;
  memory.fill(HPACK_STATIC_BY_ID, 0, NAMES_MAX);
  row(":authority", "");
  row(":method", "GET");
  row(":method", "POST");
  row(":path", "/");
  row(":path", "/index.html");
  row(":scheme", "http");
  row(":scheme", "https");
  row(":status", "200");
  row(":status", "204");
  row(":status", "206");
  row(":status", "304");
  row(":status", "400");
  row(":status", "404");
  row(":status", "500");
  row("accept-charset", "");
  row("accept-encoding", "gzip, deflate");
  row("accept-language", "");
  row("accept-ranges", "");
  row("accept", "");
  row("access-control-allow-origin", "");
  row("age", "");
  row("allow", "");
  row("authorization", "");
  row("cache-control", "");
  row("content-disposition", "");
  row("content-encoding", "");
  row("content-language", "");
  row("content-length", "");
  row("content-location", "");
  row("content-range", "");
  row("content-type", "");
  row("cookie", "");
  row("date", "");
  row("etag", "");
  row("expect", "");
  row("expires", "");
  row("from", "");
  row("host", "");
  row("if-match", "");
  row("if-modified-since", "");
  row("if-none-match", "");
  row("if-range", "");
  row("if-unmodified-since", "");
  row("last-modified", "");
  row("link", "");
  row("location", "");
  row("max-forwards", "");
  row("proxy-authenticate", "");
  row("proxy-authorization", "");
  row("range", "");
  row("referer", "");
  row("refresh", "");
  row("retry-after", "");
  row("server", "");
  row("set-cookie", "");
  row("strict-transport-security", "");
  row("transfer-encoding", "");
  row("user-agent", "");
  row("vary", "");
  row("via", "");
  row("www-authenticate", "");
  assert(rows == HPACK_STATIC_COUNT);
}

function row(name: string, value: string): void {
  const at = staticAt(++rows);
  at.name = textEnd;
  at.nameLength = <u16>text(name);
  at.value = textEnd;
  at.valueLength = <u16>text(value);
  at.id = nameId(at.name, at.nameLength);
  if (at.id != 0 && staticIndex(at.id) == 0) store<u8>(HPACK_STATIC_BY_ID + at.id, <u8>rows);
}

/** Static data of the compiler is two bytes a character; here it becomes one. */
function text(literal: string): u32 {
  const from = changetype<usize>(literal);
  const length: u32 = load<u32>(from - 4) >> 1;
  assert(textEnd + length <= HPACK_STATIC_TEXT + HPACK_STATIC_TEXT_BYTES);
  for (let i: u32 = 0; i < length; i++) store<u8>(textEnd + i, load<u8>(from + i * 2));
  textEnd += length;
  return length;
}
