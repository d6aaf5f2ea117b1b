// The start line: a request line (RFC 9112 3) or a status line (4).
//
// Words may be separated by several spaces or tabs, as both sections allow; everything else is strict.

import {
  H1_BARE_CR,
  H1_CONTROL_BYTE,
  H1_HTTP2_PREFACE,
  H1_LOW_VERSION,
  H1_METHOD,
  H1_REQUEST_LINE,
  H1_STATUS_LINE,
  H1_VERSION,
  OK,
} from "../abi/result";
import { findNonTarget, findNonToken, findNonValue } from "../bytes/scan";
import { METHOD_OTHER, methodId } from "../header/method";
import { isKnownMethod } from "./method";

const CR: u32 = 13;
const LF: u32 = 10;
const HTAB: u32 = 9;
const SP: u32 = 32;

/** Versions as `major * 10 + minor`. */
export const VERSION_10: u32 = 10;
export const VERSION_11: u32 = 11;

// --- what the line says; addresses, valid after a function below returned OK
export let method: u32 = METHOD_OTHER;
export let methodEnd: usize = 0;
export let targetStart: usize = 0;
export let targetEnd: usize = 0;
export let version: u32 = 0;
export let status: u32 = 0;
export let statusStart: usize = 0;
/** Behind the line and its end. */
export let lineEnd: usize = 0;

/** Whether a line of text may begin with this byte. TLS on a plain port, which has no end of line, is seen by it at once. */
export function beginsRequest(byte: u32): bool {
  return byte - 0x21 < 0x7f - 0x21;
}

/**
 * Reads a request line from `from`; `end` is behind at least the LF that ends it. Who serves HTTP/1.0 (`serves10`) takes every version
 * but 1.1 for it, as Envoy does, and a line without one.
 */
export function readRequestLine(from: usize, end: usize, anyMethod: bool, serves10: bool): u32 {
  let at = findNonToken(from, end);
  if (!isBlank(load<u8>(at))) return stopped(at, H1_METHOD);
  const length = <u32>(at - from);
  if (length == 0) return H1_METHOD;
  method = methodId(from, length);
  methodEnd = at;
  const isPreface = length == 3 && load<u8>(from) == 0x50 && load<u8>(from, 1) == 0x52 && load<u8>(from, 2) == 0x49;
  if (method == METHOD_OTHER && !anyMethod && !isPreface && !isKnownMethod(from, length)) return H1_METHOD;
  at = skipBlanks(at);
  targetStart = at;
  at = findNonTarget(at, end);
  targetEnd = at;
  if (targetEnd == targetStart) return stopped(at, H1_REQUEST_LINE);
  const afterTarget = at;
  at = skipBlanks(at);
  if (isLineEnd(at)) {
    // No version: HTTP/0.9, which has no head and no end of one.
    lineEnd = behindLine(at);
    version = VERSION_10;
    return isPreface && !anyMethod ? H1_METHOD : serves10 ? OK : H1_LOW_VERSION;
  }
  if (at == afterTarget) return stopped(at, H1_REQUEST_LINE);
  const versionStart = at;
  at = readVersion(at);
  if (at == 0) {
    at = findNonTarget(versionStart, end);
    return stopped(at, isBlank(load<u8>(at)) ? H1_REQUEST_LINE : H1_VERSION);
  }
  at = skipBlanks(at);
  if (!isLineEnd(at)) return stopped(at, at == versionStart + 8 ? H1_VERSION : H1_REQUEST_LINE);
  lineEnd = behindLine(at);
  if (isPreface && method == METHOD_OTHER && !anyMethod) {
    const isStar = targetEnd - targetStart == 1 && load<u8>(targetStart) == 0x2a;
    return isStar && version == 20 ? H1_HTTP2_PREFACE : H1_METHOD;
  }
  if (isPreface && version == 20) return H1_HTTP2_PREFACE;
  if (serves10 && version != VERSION_11) version = VERSION_10;
  return OK;
}

/**
 * Reads a status line. HTTP/1.x with x from 0 to 9 counts: a minor version changes nothing that this side relies on
 * (RFC 9110 2.5); another major version does.
 */
export function readStatusLine(from: usize, end: usize): u32 {
  let at = readVersion(from);
  if (at == 0 || version / 10 != 1) return H1_STATUS_LINE;
  const afterVersion = at;
  at = skipBlanks(at);
  if (at == afterVersion) return stopped(at, H1_STATUS_LINE);
  statusStart = at;
  const hundreds: u32 = load<u8>(at) - 0x30;
  const tens: u32 = load<u8>(at, 1) - 0x30;
  const ones: u32 = load<u8>(at, 2) - 0x30;
  // Short lines end within these three bytes, with a CR or LF that is no digit.
  if (hundreds - 1 > 8 || tens > 9 || ones > 9) return H1_STATUS_LINE;
  status = hundreds * 100 + tens * 10 + ones;
  at += 3;
  if (!isBlank(load<u8>(at)) && !isLineEnd(at)) return stopped(at, H1_STATUS_LINE);
  at = findNonValue(at, end);
  if (!isLineEnd(at)) return stopped(at, H1_STATUS_LINE);
  lineEnd = behindLine(at);
  return OK;
}

/** Reads `HTTP/` DIGIT `.` DIGIT; the address behind it, 0 if it is none. Loads stay within the padding. */
function readVersion(at: usize): usize {
  if (load<u32>(at) != 0x50_54_54_48 || load<u8>(at, 4) != 0x2f || load<u8>(at, 6) != 0x2e) return 0;
  const major: u32 = load<u8>(at, 5) - 0x30;
  const minor: u32 = load<u8>(at, 7) - 0x30;
  if (major > 9 || minor > 9) return 0;
  version = major * 10 + minor;
  return at + 8;
}

/** Names the fault when a byte stopped the reader where it must not: CR and controls have codes of their own. */
function stopped(at: usize, otherwise: u32): u32 {
  const byte: u32 = load<u8>(at);
  if (byte == CR) return load<u8>(at + 1) == LF ? otherwise : H1_BARE_CR;
  if (byte == LF || byte == HTAB) return otherwise;
  return byte < 0x20 || byte == 0x7f ? H1_CONTROL_BYTE : otherwise;
}

function skipBlanks(from: usize): usize {
  let at = from;
  while (isBlank(load<u8>(at))) at++;
  return at;
}

function isBlank(byte: u32): bool {
  return byte == SP || byte == HTAB;
}

function isLineEnd(at: usize): bool {
  const byte: u32 = load<u8>(at);
  return byte == LF || (byte == CR && load<u8>(at, 1) == LF);
}

function behindLine(at: usize): usize {
  return load<u8>(at) == LF ? at + 1 : at + 2;
}
