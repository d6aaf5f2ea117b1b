// Whether a decoded field section is a message: RFC 9113 8.1 to 8.3. Names and values are looked at once, in one walk; what `host` says goes to `:authority`,
// so that everybody behind finds the authority in one place, as with HTTP/1.

import {
  HEADERS_CONTENT_LENGTH,
  HEADERS_EXPECT_CONTINUE,
  HEADERS_KEEP_ALIVE,
  HEADERS_NO_SLASH,
  HEADERS_UPGRADE,
} from "../abi/event";
import {
  H2_AUTHORITY,
  H2_CONNECTION_FIELD,
  H2_CONTENT_LENGTH,
  H2_FIELD_NAME,
  H2_FIELD_VALUE,
  H2_HOST,
  H2_METHOD,
  H2_NO_BLOCK,
  H2_PATH,
  H2_PSEUDO,
  H2_PSEUDO_MISSING,
  H2_SCHEME,
  H2_STATUS,
  H2_UNDERSCORE,
  OK,
} from "../abi/result";
import { equalIgnoringCase } from "../bytes/ascii";
import { NOT_A_NUMBER, parseDecimal } from "../bytes/digits";
import { findByte, findNonAuthority, findNonTarget, findNonToken, findNonValue } from "../bytes/scan";
import {
  blockAt,
  FIELD_LINE,
  Field,
  fieldAt,
  fieldName,
  fieldNameLength,
  fieldValue,
  markAbsent,
  markPresent,
} from "../header/block";
import { METHOD_CONNECT, METHOD_OPTIONS, methodId } from "../header/method";
import { headerAddId, headerAppendAt, headerRemoveAt, headerRemoveId, LINE_EXTRA, makeRoom } from "../header/mutate";
import {
  HEADER_AUTHORITY,
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_COOKIE,
  HEADER_EXPECT,
  HEADER_HOST,
  HEADER_KEEP_ALIVE,
  HEADER_LAST_PSEUDO,
  HEADER_METHOD,
  HEADER_PATH,
  HEADER_PROTOCOL,
  HEADER_PROXY_CONNECTION,
  HEADER_SCHEME,
  HEADER_STATUS,
  HEADER_TE,
  HEADER_TRAILER,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  nameLength,
} from "../header/names";
import { headerFindId, headerFindIdNext } from "../header/read";
import { H2_OPTION_CONNECT, H2_OPTION_DROP_UNDERSCORES, H2_OPTION_REJECT_UNDERSCORES } from "./connection";

const UNDERSCORE: u32 = 0x5f;
const UNDERSCORES: u32 = H2_OPTION_REJECT_UNDERSCORES | H2_OPTION_DROP_UNDERSCORES;

// --- after a check returned OK
/** The block as it is now. After a fault too: it may have moved. */
export let checked: u32 = 0;
/** HEADERS_... of the event, without END_STREAM. */
export let messageFlags: u32 = 0;
/** Method id or status. */
export let messageCode: u32 = 0;
export let hasLength: bool = false;
export let contentLength: u64 = 0;

/** `100-continue` */
const TEXT_CONTINUE: usize = memory.data<u8>([0x31, 0x30, 0x30, 0x2d, 0x63, 0x6f, 0x6e, 0x74, 0x69, 0x6e, 0x75, 0x65]);
const CONTINUE_BYTES: u32 = 12;
/** `; ` */
const TEXT_CRUMB: usize = memory.data<u8>([0x3b, 0x20]);
const CRUMB_BYTES: u32 = 2;

/** Bits of the pseudo fields that were seen, by id. */
let pseudos: u32 = 0;

const REQUEST_PSEUDOS: u32 = (1 << HEADER_METHOD) | (1 << HEADER_SCHEME) | (1 << HEADER_PATH);
const CONNECT_PSEUDOS: u32 = (1 << HEADER_METHOD) | (1 << HEADER_AUTHORITY);
const PROTOCOL_PSEUDO: u32 = 1 << HEADER_PROTOCOL;

/** Checks a request. A result code. */
export function checkRequest(block: u32, options: u32): u32 {
  let fault = checkFields(block, options);
  if (fault != OK) return fault;
  if ((pseudos & (1 << HEADER_STATUS)) != 0) return H2_PSEUDO;
  if ((pseudos & (1 << HEADER_METHOD)) == 0) return H2_PSEUDO_MISSING;
  fault = checkMethod();
  if (fault != OK) return fault;
  fault = settleAuthority();
  if (fault != OK) return fault;
  messageFlags |= HEADERS_KEEP_ALIVE;
  if (messageCode == METHOD_CONNECT && (pseudos & PROTOCOL_PSEUDO) == 0) {
    // 8.5: nothing but the authority.
    if (pseudos != CONNECT_PSEUDOS) return (pseudos & ~CONNECT_PSEUDOS) != 0 ? H2_PSEUDO : H2_PSEUDO_MISSING;
    if (fieldAt(checked, headerFindId(checked, HEADER_AUTHORITY)).valueLength == 0) return H2_AUTHORITY;
    messageFlags |= HEADERS_UPGRADE | HEADERS_NO_SLASH;
    return OK;
  }
  if ((pseudos & PROTOCOL_PSEUDO) != 0) {
    // RFC 8441 4.
    if ((options & H2_OPTION_CONNECT) == 0 || messageCode != METHOD_CONNECT) return H2_PSEUDO;
    messageFlags |= HEADERS_UPGRADE;
  }
  if ((pseudos & REQUEST_PSEUDOS) != REQUEST_PSEUDOS) return H2_PSEUDO_MISSING;
  fault = checkScheme();
  return fault != OK ? fault : checkPath();
}

/** Checks a response. A result code. */
export function checkResponse(block: u32, options: u32): u32 {
  const fault = checkFields(block, options);
  if (fault != OK) return fault;
  if (pseudos != 1 << HEADER_STATUS) return pseudos == 0 ? H2_PSEUDO_MISSING : H2_PSEUDO;
  const field = fieldAt(block, headerFindId(block, HEADER_STATUS));
  const status = field.valueLength == 3 ? parseDecimal(fieldValue(block, field), 3) : NOT_A_NUMBER;
  // 8.6: there is no 101 in HTTP/2.
  if (status == NOT_A_NUMBER || status < 100 || status == 101) return H2_STATUS;
  messageCode = <u32>status;
  blockAt(block).status = <u32>status;
  messageFlags |= HEADERS_KEEP_ALIVE;
  return OK;
}

/** Checks a trailer section, and drops from it what means nothing behind the content (RFC 9110 6.5.1). A result code. */
export function checkTrailers(block: u32, options: u32): u32 {
  const fault = checkFields(block, options);
  if (fault != OK) return fault;
  if (pseudos != 0) return H2_PSEUDO;
  headerRemoveId(block, HEADER_CONTENT_LENGTH);
  headerRemoveId(block, HEADER_HOST);
  headerRemoveId(block, HEADER_TE);
  headerRemoveId(block, HEADER_TRAILER);
  return OK;
}

/** Names, values, order, the fields of the connection, content-length: what holds for every section. */
function checkFields(block: u32, options: u32): u32 {
  checked = block;
  messageFlags = 0;
  messageCode = 0;
  hasLength = false;
  contentLength = 0;
  pseudos = 0;
  let behind = false;
  let cookies: u32 = 0;
  let i: u32 = 0;
  while (i < blockAt(block).fieldCount) {
    const field = fieldAt(block, i);
    const id: u32 = field.id;
    const value = fieldValue(block, field);
    if (!isValue(value, field.valueLength)) return H2_FIELD_VALUE;
    if (id != 0 && id <= HEADER_LAST_PSEUDO) {
      if (behind || (pseudos & (1 << id)) != 0) return H2_PSEUDO;
      pseudos |= 1 << id;
      i++;
      continue;
    }
    behind = true;
    const name = fieldName(block, field);
    const nameBytes = fieldNameLength(field);
    if (id == 0) {
      if (nameBytes > 0 && load<u8>(name) == 0x3a) return H2_PSEUDO;
      if (!isName(name, nameBytes)) return H2_FIELD_NAME;
    }
    if ((options & UNDERSCORES) != 0 && findByte(name, name + nameBytes, UNDERSCORE) < name + nameBytes) {
      if ((options & H2_OPTION_REJECT_UNDERSCORES) != 0) return H2_UNDERSCORE;
      headerRemoveAt(block, i);
      continue;
    }
    const fault = checkKnown(block, field, id);
    if (fault != OK) return fault;
    if (id == HEADER_COOKIE) cookies++;
    i++;
  }
  return cookies > 1 ? joinCookies() : OK;
}

/** A field whose name means something to HTTP/2 itself. */
function checkKnown(block: u32, field: Field, id: u32): u32 {
  if (id == 0 || id > HEADER_EXPECT) return OK;
  const value = fieldValue(block, field);
  const length = field.valueLength;
  if (
    id == HEADER_CONNECTION ||
    id == HEADER_KEEP_ALIVE ||
    id == HEADER_PROXY_CONNECTION ||
    id == HEADER_TRANSFER_ENCODING ||
    id == HEADER_UPGRADE
  ) {
    return H2_CONNECTION_FIELD;
  }
  if (id == HEADER_TE) return length == 8 && load<u64>(value) == 0x73_72_65_6c_69_61_72_74 ? OK : H2_CONNECTION_FIELD;
  if (id == HEADER_CONTENT_LENGTH) {
    if (hasLength) return H2_CONTENT_LENGTH;
    contentLength = parseDecimal(value, length);
    if (contentLength == NOT_A_NUMBER) return H2_CONTENT_LENGTH;
    hasLength = true;
    messageFlags |= HEADERS_CONTENT_LENGTH;
  } else if (id == HEADER_EXPECT) {
    if (length == CONTINUE_BYTES && equalIgnoringCase(value, TEXT_CONTINUE, length)) {
      messageFlags |= HEADERS_EXPECT_CONTINUE;
    }
  }
  return OK;
}

function checkMethod(): u32 {
  const field = fieldAt(checked, headerFindId(checked, HEADER_METHOD));
  const value = fieldValue(checked, field);
  const end = value + field.valueLength;
  if (field.valueLength == 0 || findNonToken(value, end) != end) return H2_METHOD;
  messageCode = methodId(value, field.valueLength);
  blockAt(checked).method = messageCode;
  return OK;
}

/** `:authority`, or `host` in its place; beside it `host` says nothing, as in Envoy, and goes (8.3.1). Without either the authority is empty. */
function settleAuthority(): u32 {
  const host = headerFindId(checked, HEADER_HOST);
  if (host >= 0 && headerFindIdNext(checked, HEADER_HOST, host + 1) >= 0) return H2_HOST;
  const given = headerFindId(checked, HEADER_AUTHORITY);
  if (host >= 0) {
    const field = fieldAt(checked, host);
    if (given >= 0) {
      headerRemoveAt(checked, host);
    } else {
      const it = blockAt(checked);
      field.id = <u8>HEADER_AUTHORITY;
      field.nameOffset = 0;
      field.nameLength = 0;
      field.flags &= <u8>~FIELD_LINE;
      markAbsent(it, HEADER_HOST);
      markPresent(it, HEADER_AUTHORITY);
      pseudos |= 1 << HEADER_AUTHORITY;
    }
  } else if (given < 0) {
    const held = headerAddId(checked, HEADER_AUTHORITY, 0, 0);
    if (held == 0) return H2_NO_BLOCK;
    checked = held;
    return OK;
  }
  const authority = fieldAt(checked, headerFindId(checked, HEADER_AUTHORITY));
  const value = fieldValue(checked, authority);
  const end = value + authority.valueLength;
  // No user information (8.3.1).
  return findNonAuthority(value, end) == end && findByte(value, end, 0x40) == end ? OK : H2_AUTHORITY;
}

function checkScheme(): u32 {
  const field = fieldAt(checked, headerFindId(checked, HEADER_SCHEME));
  const value = fieldValue(checked, field);
  const length = field.valueLength;
  // "http" and "https" as they lie in memory, the letters in lower case.
  if (length < 4 || (load<u32>(value) | 0x20202020) != 0x70_74_74_68) return H2_SCHEME;
  return length == 4 || (length == 5 && (load<u8>(value, 4) | 0x20) == 0x73) ? OK : H2_SCHEME;
}

/** Origin form, or `*` for OPTIONS. Bytes from 0x80 on and fragments are refused as in HTTP/1. */
function checkPath(): u32 {
  const field = fieldAt(checked, headerFindId(checked, HEADER_PATH));
  const value = fieldValue(checked, field);
  const length = field.valueLength;
  if (length == 0) return H2_PATH;
  const end = value + length;
  if (findNonTarget(value, end) != end) return H2_PATH;
  for (let at = value; at < end; at++) if (load<u8>(at) >= 0x80 || load<u8>(at) == 0x23) return H2_PATH;
  const first: u32 = load<u8>(value);
  if (first == 0x2f) return OK;
  messageFlags |= HEADERS_NO_SLASH;
  return first == 0x2a && length == 1 && messageCode == METHOD_OPTIONS ? OK : H2_PATH;
}

/** A token without upper case. */
function isName(from: usize, length: u32): bool {
  const end = from + length;
  if (length == 0 || findNonToken(from, end) != end) return false;
  for (let at = from; at < end; at++) if (<u32>load<u8>(at) - 0x41 < 26) return false;
  return true;
}

/** No control bytes, no white space at either end. */
function isValue(from: usize, length: u32): bool {
  if (length == 0) return true;
  const end = from + length;
  return findNonValue(from, end) == end && !isBlank(load<u8>(from)) && !isBlank(load<u8>(end - 1));
}

function isBlank(byte: u32): bool {
  return byte == 0x20 || byte == 9;
}

/** Crumbs that did not stand together become one field (8.2.3). */
function joinCookies(): u32 {
  const first = headerFindId(checked, HEADER_COOKIE);
  while (true) {
    const next = headerFindIdNext(checked, HEADER_COOKIE, first + 1);
    if (next < 0) return OK;
    // Room first: what is appended lies in this block, and must not move between being pointed at and being copied.
    const length = fieldAt(checked, next).valueLength;
    const whole = fieldAt(checked, first).valueLength + length + nameLength(HEADER_COOKIE) + CRUMB_BYTES + LINE_EXTRA;
    let held = makeRoom(checked, whole, 0);
    if (held == 0) return H2_NO_BLOCK;
    checked = held;
    held = headerAppendAt(held, first, TEXT_CRUMB, CRUMB_BYTES, fieldValue(held, fieldAt(held, next)), length);
    if (held == 0) return H2_NO_BLOCK;
    checked = held;
    headerRemoveAt(held, next);
  }
}
