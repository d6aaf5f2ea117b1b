// A whole head: start line and field lines become a header block, and the facts in them become framing (RFC 9112 6.3), persistence (9.3) and
// flags for the host.

import {
  END_STREAM,
  HEADERS_CHUNKED,
  HEADERS_CONTENT_LENGTH,
  HEADERS_EXPECT_CONTINUE,
  HEADERS_HTTP10,
  HEADERS_KEEP_ALIVE,
  HEADERS_NO_SLASH,
  HEADERS_UPGRADE,
} from "../abi/event";
import {
  H1_BOTH_FRAMINGS,
  H1_CONTENT_LENGTH,
  H1_CONTENT_LENGTH_NOT_ALLOWED,
  H1_CONTENT_LENGTH_TWICE,
  H1_CONTENT_NOT_ALLOWED,
  H1_HOST_INVALID,
  H1_HOST_MISSING,
  H1_HOST_TWICE,
  H1_LOW_VERSION,
  H1_TARGET_FRAGMENT,
  H1_TOO_MANY_FIELDS,
  H1_TRANSFER_ENCODING,
  H1_TRANSFER_ENCODING_HTTP10,
  H1_TRANSFER_ENCODING_NOT_ALLOWED,
  H1_UNASKED_UPGRADE,
  H1_UPGRADE_CONTENT,
  OK,
} from "../abi/result";
import { NOT_A_NUMBER, parseDecimal } from "../bytes/digits";
import { Block, blockAt, blockText, FIELD_DERIVED, fieldAt, markPresent } from "../header/block";
import { METHOD_CONNECT, METHOD_HEAD } from "../header/method";
import { headerRemoveAt } from "../header/mutate";
import { HEADER_AUTHORITY, HEADER_METHOD, HEADER_PATH, HEADER_SCHEME, HEADER_STATUS } from "../header/names";
import {
  Connection,
  FLAG_CLOSE,
  FLAG_HTTP10,
  FLAG_UPGRADE,
  OPTION_CHUNKED_LENGTH,
  OPTION_CUSTOM_METHODS,
  OPTION_DEFAULT_HOST,
  OPTION_HTTP10,
  OPTION_TLS,
  STATE_CHUNK_SIZE,
  STATE_CONTENT,
  STATE_HEAD,
  STATE_UNTIL_CLOSE,
  STATE_WAIT,
} from "./connection";
import * as fields from "./fields";
import * as line from "./start_line";
import * as target from "./target";

/** After `readRequest` or `readResponse` returned OK: flags and code of the HEADERS event, and the state that reads on. */
export let headFlags: u32 = 0;
export let headCode: u32 = 0;
/** After a fault: the head was read whole, and may be shown in a log. */
export let faultHasHead: bool = false;

/** Where such content ends and the new protocol begins the two ends would not agree. */
let upgradeHasContent: bool = false;

/** Makes the raw text of `block` a request. A result code; the connection's state is set when it is OK. */
export function readRequest(it: Connection, block: u32): u32 {
  faultHasHead = false;
  const textStart = blockText(block);
  const end = textStart + blockAt(block).textEnd;
  const anyMethod = (it.options & OPTION_CUSTOM_METHODS) != 0;
  let fault = line.readRequestLine(textStart, end, anyMethod, (it.options & OPTION_HTTP10) != 0);
  if (fault != OK) return fault;
  fault = target.readTarget(line.targetStart, line.targetEnd, line.method);
  if (fault != OK) return fault;

  const isConnect = line.method == METHOD_CONNECT;
  blockAt(block).fieldCount = isConnect ? 2 : 4;
  fault = fields.readFields(block, line.lineEnd, end, it.options);
  if (fault != OK) return fault;
  if (fields.fieldLines > it.maxFields) return H1_TOO_MANY_FIELDS;
  fault = settleRequest(it, block, isConnect);
  if (fault != OK) return fault;
  writeRequestFields(it, block, textStart, isConnect);
  faultHasHead = true;
  return checkRequest(it, isConnect);
}

/** Framing of a request: what can be decided without the version and the host. */
function settleRequest(it: Connection, block: u32, isConnect: bool): u32 {
  let flags: u32 = fields.expectsContinue ? HEADERS_EXPECT_CONTINUE : 0;
  let state: u32 = STATE_WAIT;
  it.remaining = 0;
  if (fields.transferEncodings != 0) {
    if (fields.contentLengths != 0) {
      if ((it.options & OPTION_CHUNKED_LENGTH) == 0 || !isChunked() || fields.contentLengths != 1)
        return H1_BOTH_FRAMINGS;
      headerRemoveAt(block, fields.contentLengthField);
      // RFC 9112 6.1: after such a message the connection ends.
      it.flags |= FLAG_CLOSE;
    }
    if (isConnect || !isChunked()) return H1_TRANSFER_ENCODING;
    if (line.version == line.VERSION_10 && (it.options & OPTION_HTTP10) != 0) return H1_TRANSFER_ENCODING_HTTP10;
    flags |= HEADERS_CHUNKED;
    state = STATE_CHUNK_SIZE;
  } else if (fields.contentLengths != 0) {
    const fault = readContentLength(it);
    if (fault != OK) return fault;
    flags |= HEADERS_CONTENT_LENGTH;
    if (it.remaining != 0) state = STATE_CONTENT;
  }

  upgradeHasContent = false;
  const asksUpgrade = fields.namesUpgrade && fields.hasUpgrade && line.version == line.VERSION_11;
  if (isConnect || asksUpgrade) {
    if (state != STATE_WAIT && isConnect) return H1_CONTENT_NOT_ALLOWED;
    upgradeHasContent = state != STATE_WAIT;
    it.flags |= FLAG_UPGRADE;
    flags |= HEADERS_UPGRADE;
  } else if (state == STATE_WAIT) {
    flags |= END_STREAM;
  }
  if (line.version == line.VERSION_10) {
    flags |= HEADERS_HTTP10;
    if ((it.options & OPTION_HTTP10) != 0) it.flags |= FLAG_HTTP10;
    if (!fields.namesKeepAlive) it.flags |= FLAG_CLOSE;
  }
  if (fields.namesClose) it.flags |= FLAG_CLOSE;
  if ((it.flags & FLAG_CLOSE) == 0) flags |= HEADERS_KEEP_ALIVE;
  it.method = <u8>line.method;
  it.state = <u8>state;
  headFlags = flags;
  headCode = line.method;
  return OK;
}

/** Version, host, fragment, content of an upgrade: refused with a head that is whole, and that a log may show. */
function checkRequest(it: Connection, isConnect: bool): u32 {
  if (line.version != line.VERSION_11) {
    if (line.version != line.VERSION_10 || (it.options & OPTION_HTTP10) == 0) return H1_LOW_VERSION;
  }
  const fault = checkHost(it, isConnect);
  if (fault != OK) return fault;
  if (target.hasFragment) return H1_TARGET_FRAGMENT;
  return upgradeHasContent ? H1_UPGRADE_CONTENT : OK;
}

/** RFC 9112 3.2: one valid Host, unless the target names the authority. */
function checkHost(it: Connection, isConnect: bool): u32 {
  if (fields.hosts > 1) return H1_HOST_TWICE;
  if (target.authorityStart != target.authorityEnd) return OK;
  if (isConnect || fields.namesHost) return H1_HOST_MISSING;
  if (fields.hosts == 0) {
    const fillsIn = line.version == line.VERSION_10 && (it.options & OPTION_DEFAULT_HOST) != 0;
    return fillsIn ? OK : H1_HOST_MISSING;
  }
  return target.isAuthority(fields.hostStart, fields.hostEnd) ? OK : H1_HOST_INVALID;
}

function writeRequestFields(it: Connection, block: u32, textStart: usize, isConnect: bool): void {
  const facts = blockAt(block);
  facts.method = line.method;
  setPseudo(block, 0, HEADER_METHOD, textStart, line.methodEnd);
  const hasAuthority = target.authorityStart != target.authorityEnd;
  const authority = hasAuthority ? target.authorityStart : fields.hosts != 0 ? fields.hostStart : textStart;
  const authorityEnd = hasAuthority ? target.authorityEnd : fields.hosts != 0 ? fields.hostEnd : textStart;
  if (isConnect) {
    setPseudo(block, 1, HEADER_AUTHORITY, authority, authorityEnd);
    headFlags |= HEADERS_NO_SLASH;
    return;
  }
  let path = target.pathStart;
  let pathEnd = target.pathEnd;
  if (path == pathEnd) {
    path = textStart + facts.textEnd;
    pathEnd = path + 1;
    store<u8>(path, 0x2f);
    facts.textEnd++;
  }
  setPseudo(block, 1, HEADER_PATH, path, pathEnd);
  if (load<u8>(path) != 0x2f) headFlags |= HEADERS_NO_SLASH;
  setPseudo(block, 2, HEADER_AUTHORITY, authority, authorityEnd);
  const isHttps =
    target.scheme == target.SCHEME_HTTPS ||
    (target.scheme == target.SCHEME_OF_CONNECTION && (it.options & OPTION_TLS) != 0);
  // Room for it was kept (GAINED_TEXT_MAX).
  const scheme = textStart + facts.textEnd;
  const schemeBytes: u32 = isHttps ? 5 : 4;
  store<u32>(scheme, 0x70_74_74_68);
  if (isHttps) store<u8>(scheme, 0x73, 4);
  facts.textEnd += schemeBytes;
  setPseudo(block, 3, HEADER_SCHEME, scheme, scheme + schemeBytes);
  // x-forwarded-proto may know better than the connection (header/forward_request).
  if (target.scheme == target.SCHEME_OF_CONNECTION) fieldAt(block, 3).flags = <u8>FIELD_DERIVED;
}

/**
 * Makes the raw text of `block` a response to the request under way. A result code; the connection's state is set when it is OK. An interim
 * response leaves the state as it is.
 */
export function readResponse(it: Connection, block: u32): u32 {
  faultHasHead = false;
  const textStart = blockText(block);
  const facts = blockAt(block);
  const end = textStart + facts.textEnd;
  let fault = line.readStatusLine(textStart, end);
  if (fault != OK) return fault;
  facts.fieldCount = 1;
  fault = fields.readFields(block, line.lineEnd, end, it.options);
  if (fault != OK) return fault;
  if (fields.fieldLines > it.maxFields) return H1_TOO_MANY_FIELDS;
  fault = settleResponse(it, block);
  if (fault != OK) return fault;
  facts.status = line.status;
  setPseudo(block, 0, HEADER_STATUS, line.statusStart, line.statusStart + 3);
  return OK;
}

function settleResponse(it: Connection, block: u32): u32 {
  const status = line.status;
  let flags: u32 = 0;
  it.remaining = 0;
  if (fields.transferEncodings != 0) {
    if (fields.contentLengths != 0) {
      if ((it.options & OPTION_CHUNKED_LENGTH) == 0 || !isChunked() || fields.contentLengths != 1)
        return H1_BOTH_FRAMINGS;
      headerRemoveAt(block, fields.contentLengthField);
      it.flags |= FLAG_CLOSE;
    }
    if (!isChunked()) return H1_TRANSFER_ENCODING;
    if (status < 200 || status == 204) return H1_TRANSFER_ENCODING_NOT_ALLOWED;
    if (line.version == line.VERSION_10) it.flags |= FLAG_CLOSE; // RFC 9112 6.1: the framing is not to be trusted further.
    flags |= HEADERS_CHUNKED;
  } else if (fields.contentLengths != 0) {
    const fault = readContentLength(it);
    if (fault != OK) return fault;
    if (status < 200 || status == 204) {
      if (it.remaining != 0) return H1_CONTENT_LENGTH_NOT_ALLOWED;
      headerRemoveAt(block, fields.contentLengthField);
    } else {
      flags |= HEADERS_CONTENT_LENGTH;
    }
  }
  headCode = status;
  headFlags = flags;
  if (status == 101) {
    if ((it.flags & FLAG_UPGRADE) == 0 || it.method == METHOD_CONNECT) return H1_UNASKED_UPGRADE;
    it.state = <u8>STATE_WAIT;
    headFlags |= HEADERS_UPGRADE;
    return OK;
  }
  if (status < 200) return OK;

  if (line.version == line.VERSION_10) {
    flags |= HEADERS_HTTP10;
    if (!fields.namesKeepAlive) it.flags |= FLAG_CLOSE;
  }
  if (fields.namesClose) it.flags |= FLAG_CLOSE;
  if (it.method == METHOD_CONNECT && status < 300) {
    // RFC 9110 9.3.6: the tunnel begins behind the head, whatever framing it claims.
    it.state = <u8>STATE_WAIT;
    headFlags = flags | HEADERS_UPGRADE;
    return OK;
  }
  let state: u32 = STATE_UNTIL_CLOSE;
  if (it.method == METHOD_HEAD || status == 204 || status == 304) {
    state = STATE_HEAD;
  } else if ((flags & HEADERS_CHUNKED) != 0) {
    state = STATE_CHUNK_SIZE;
  } else if ((flags & HEADERS_CONTENT_LENGTH) != 0) {
    state = it.remaining != 0 ? STATE_CONTENT : STATE_HEAD;
  } else {
    it.flags |= FLAG_CLOSE;
  }
  // No content: the caller ends the message.
  if (state == STATE_HEAD) flags |= END_STREAM;
  if ((it.flags & FLAG_CLOSE) == 0) flags |= HEADERS_KEEP_ALIVE;
  it.state = <u8>state;
  headFlags = flags;
  return OK;
}

function isChunked(): bool {
  const length = <u32>(fields.transferEncodingEnd - fields.transferEncodingStart);
  return fields.transferEncodings == 1 && fields.is(fields.transferEncodingStart, length, "chunked");
}

function readContentLength(it: Connection): u32 {
  if (fields.contentLengths != 1) return H1_CONTENT_LENGTH_TWICE;
  const value = parseDecimal(fields.contentLengthStart, <u32>(fields.contentLengthEnd - fields.contentLengthStart));
  if (value == NOT_A_NUMBER) return H1_CONTENT_LENGTH;
  it.remaining = value;
  return OK;
}

function setPseudo(block: u32, index: u32, id: u32, value: usize, valueEnd: usize): void {
  const field = fieldAt(block, index);
  const start = blockText(block);
  field.nameOffset = 0;
  field.nameLength = 0;
  field.id = <u8>id;
  field.flags = 0;
  field.valueOffset = <u32>(value - start);
  field.valueLength = <u32>(valueEnd - value);
  markPresent(changetype<Block>(<usize>block), id);
}
