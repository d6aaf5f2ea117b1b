// Field lines, RFC 9112 5: from raw text to the field table of the block that holds the text.
//
// Names are turned to lower case where they stand. A value folded over several lines (obs-fold, 5.2) is joined where it stands, the white
// space of the fold kept; the text that is left over belongs to no field. LF alone ends a line too (2.2).
//
// Beside the table this pass gathers the facts that framing and forwarding depend on, so that nobody looks for them again.

import {
  H1_BARE_CR,
  H1_CONTROL_BYTE,
  H1_FIELD_COLON,
  H1_FIELD_NAME,
  H1_FOLD_FIRST,
  H1_UNDERSCORE,
  OK,
} from "../abi/result";
import { findByte, findNonValue } from "../bytes/scan";
import { Block, blockText, FIELD_LINE, fieldAt, markPresent } from "../header/block";
import {
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_EXPECT,
  HEADER_HOST,
  HEADER_PROXY_CONNECTION,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  nameId,
} from "../header/names";
import { OPTION_DROP_UNDERSCORES, OPTION_REJECT_UNDERSCORES } from "./connection";
import { FIELD_NAME_MAX } from "./message_limits";
import { lowerToken } from "./name";

const CR: u32 = 13;
const LF: u32 = 10;
const HTAB: u32 = 9;
const SP: u32 = 32;
const COMMA: u32 = 44;
const COLON: u32 = 58;
const UNDERSCORE: u32 = 95;
const UNDERSCORES: u32 = OPTION_REJECT_UNDERSCORES | OPTION_DROP_UNDERSCORES;

// --- facts of the section read last
/** Field lines, `Host` included. */
export let fieldLines: u32 = 0;
export let hosts: u32 = 0;
export let hostStart: usize = 0;
export let hostEnd: usize = 0;
export let contentLengths: u32 = 0;
export let contentLengthStart: usize = 0;
export let contentLengthEnd: usize = 0;
export let transferEncodings: u32 = 0;
export let transferEncodingStart: usize = 0;
export let transferEncodingEnd: usize = 0;
/** The index of the field, for `contentLengths` == 1. */
export let contentLengthField: u32 = 0;
/** Options that `Connection` (and for `close` also `Proxy-Connection`, as Envoy has it) names. */
export let namesClose: bool = false;
export let namesKeepAlive: bool = false;
export let namesUpgrade: bool = false;
export let namesHost: bool = false;
/** There is an `Upgrade`, and it is not `h2c`, which Envoy does not do and does not see. */
export let hasUpgrade: bool = false;
export let expectsContinue: bool = false;

/**
 * Reads the field lines [from, end), where `end` is behind the empty line that ends them, into the table of `block`, which has room for them.
 * `Host` becomes a fact and no field: its field is `:authority`. A result code.
 */
export function readFields(block: u32, from: usize, end: usize, options: u32): u32 {
  clearFacts();
  let at = from;
  const first: u32 = load<u8>(at);
  if (first == SP || first == HTAB) return H1_FOLD_FIRST;
  while (true) {
    const name = at;
    const byte: u32 = load<u8>(at);
    if (byte == LF || (byte == CR && load<u8>(at, 1) == LF)) return OK;
    const nameEnd = lowerToken(at, end);
    if (load<u8>(nameEnd) != COLON) return nameFault(nameEnd);
    const nameBytes = <u32>(nameEnd - name);
    if (nameBytes == 0 || nameBytes > FIELD_NAME_MAX) return H1_FIELD_NAME;
    at = nameEnd + 1;
    while (isBlank(load<u8>(at))) at++;
    let value = at;
    at = findNonValue(at, end);
    let valueEnd = at;
    at = behindLine(at);
    if (at == 0) return valueFault(valueEnd);
    // The usual line is `name: value CRLF` and no more: such neighbours are sent on by one copy.
    let flags: u32 = value == nameEnd + 2 && load<u8>(nameEnd, 1) == SP && at == valueEnd + 2 ? FIELD_LINE : 0;
    if (isBlank(load<u8>(at))) {
      flags = 0;
      do {
        const more = findNonValue(at, end);
        memory.copy(valueEnd, at, more - at);
        valueEnd += more - at;
        at = behindLine(more);
        if (at == 0) return valueFault(more);
      } while (isBlank(load<u8>(at)));
      while (value < valueEnd && isBlank(load<u8>(value))) value++;
    }
    if (valueEnd > value && isBlank(load<u8>(valueEnd - 1))) {
      flags = 0;
      do valueEnd--;
      while (valueEnd > value && isBlank(load<u8>(valueEnd - 1)));
    }

    fieldLines++;
    if ((options & UNDERSCORES) != 0 && findByte(name, nameEnd, UNDERSCORE) < nameEnd) {
      if ((options & OPTION_REJECT_UNDERSCORES) != 0) return H1_UNDERSCORE;
      continue;
    }
    const id = nameId(name, nameBytes);
    if (id >= HEADER_HOST && id <= HEADER_EXPECT) {
      note(block, id, value, valueEnd);
      if (id == HEADER_HOST) continue;
    }
    addField(block, id, name, nameBytes, value, valueEnd, flags);
  }
}

/** Appends a field to a table that has room. Addresses lie in the block's text. */
export function addField(
  block: u32,
  id: u32,
  name: usize,
  nameBytes: u32,
  value: usize,
  valueEnd: usize,
  flags: u32,
): void {
  const it = changetype<Block>(<usize>block);
  const start = blockText(block);
  const field = fieldAt(block, it.fieldCount++);
  field.nameOffset = id != 0 && flags == 0 ? 0 : <u32>(name - start);
  field.nameLength = <u16>nameBytes;
  field.id = <u8>id;
  field.flags = <u8>flags;
  field.valueOffset = <u32>(value - start);
  field.valueLength = <u32>(valueEnd - value);
  markPresent(it, id);
}

function clearFacts(): void {
  fieldLines = 0;
  hosts = 0;
  contentLengths = 0;
  transferEncodings = 0;
  namesClose = false;
  namesKeepAlive = false;
  namesUpgrade = false;
  namesHost = false;
  hasUpgrade = false;
  expectsContinue = false;
}

function note(block: u32, id: u32, value: usize, valueEnd: usize): void {
  if (id == HEADER_HOST) {
    hosts++;
    hostStart = value;
    hostEnd = valueEnd;
  } else if (id == HEADER_CONTENT_LENGTH) {
    contentLengths++;
    contentLengthStart = value;
    contentLengthEnd = valueEnd;
    contentLengthField = changetype<Block>(<usize>block).fieldCount;
  } else if (id == HEADER_TRANSFER_ENCODING) {
    transferEncodings++;
    transferEncodingStart = value;
    transferEncodingEnd = valueEnd;
  } else if (id == HEADER_CONNECTION) {
    noteOptions(value, valueEnd, true);
  } else if (id == HEADER_PROXY_CONNECTION) {
    noteOptions(value, valueEnd, false);
  } else if (id == HEADER_UPGRADE) {
    hasUpgrade = !is(value, <u32>(valueEnd - value), "h2c");
  } else if (id == HEADER_EXPECT) {
    expectsContinue = is(value, <u32>(valueEnd - value), "100-continue");
  }
}

/** RFC 9110 7.6.1: a list of tokens, any case, empty elements allowed. */
function noteOptions(value: usize, valueEnd: usize, all: bool): void {
  let at = value;
  while (at < valueEnd) {
    let byte: u32 = load<u8>(at);
    if (byte == COMMA || isBlank(byte)) {
      at++;
      continue;
    }
    const from = at;
    while (at < valueEnd) {
      byte = load<u8>(at);
      if (byte == COMMA || isBlank(byte)) break;
      at++;
    }
    const length = <u32>(at - from);
    if (is(from, length, "close")) namesClose = true;
    else if (!all) continue;
    else if (is(from, length, "keep-alive")) namesKeepAlive = true;
    else if (is(from, length, "upgrade")) namesUpgrade = true;
    else if (is(from, length, "host")) namesHost = true;
  }
}

/** Whether text is this word (given in lower case), whatever its case. */
export function is(from: usize, length: u32, word: string): bool {
  const at = changetype<usize>(word);
  if (load<u32>(at - 4) >> 1 != length) return false;
  for (let i: u32 = 0; i < length; i++) {
    let byte: u32 = load<u8>(from + i);
    if (byte - 0x41 < 26) byte |= 0x20;
    if (byte != load<u16>(at + i * 2)) return false;
  }
  return true;
}

/** Why a name does not end with a colon. */
function nameFault(at: usize): u32 {
  const byte: u32 = load<u8>(at);
  if (byte == CR) return load<u8>(at, 1) == LF ? H1_FIELD_COLON : H1_BARE_CR;
  if (byte == LF) return H1_FIELD_COLON;
  return (byte < SP && byte != HTAB) || byte == 0x7f ? H1_CONTROL_BYTE : H1_FIELD_NAME;
}

/** Why a value does not end with its line. */
function valueFault(at: usize): u32 {
  return load<u8>(at) == CR ? H1_BARE_CR : H1_CONTROL_BYTE;
}

function isBlank(byte: u32): bool {
  return byte == SP || byte == HTAB;
}

/** The address behind the line end at `at`; 0 if it is none. */
function behindLine(at: usize): usize {
  const byte: u32 = load<u8>(at);
  if (byte == CR) return load<u8>(at, 1) == LF ? at + 2 : 0;
  return byte == LF ? at + 1 : 0;
}
