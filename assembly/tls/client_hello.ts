// The first message of a TLS client, looked at and not answered: RFC 8446 4.1.2, RFC 5246 7.4.1.2. It may lie in several records.
//
//   record:    type 22 | version 3.x | length <2> | fragment ...
//   handshake: type 1 | length <3> | version <2> | random 32 | session id <1> | cipher suites <2> | compression <1> | extensions <2>
//   extension: type <2> | length <2> | body
//
// Strict as BoringSSL is before it asks for a certificate: what it would not read is no ClientHello. Fragments are joined where they
// lie, so that what is handed in must be the caller's to lose.

/** What was handed in begins one, and does not end it; word 0 says at how many bytes it is worth to ask again. */
export const HELLO_MORE: u32 = 0;
/** It is another thing. */
export const HELLO_NONE: u32 = 1;
/** It is one; the words say where its parts are. */
export const HELLO_FOUND: u32 = 2;

// The parts: an address and a length each, both 0 where there is none.
/** Host name of the server. */
export const HELLO_SERVER_NAME: u32 = 0;
/** Protocol names, each behind a byte of length. */
export const HELLO_PROTOCOLS: u32 = 2;
export const HELLO_CIPHERS: u32 = 4;
/** All extensions, as they stand. */
export const HELLO_EXTENSIONS: u32 = 6;
/** Supported groups, 2 bytes each. */
export const HELLO_GROUPS: u32 = 8;
/** Point formats, a byte each. */
export const HELLO_POINT_FORMATS: u32 = 10;
/** Signature algorithms, 2 bytes each. */
export const HELLO_SIGNATURES: u32 = 12;
/** Supported versions, 2 bytes each. */
export const HELLO_VERSIONS: u32 = 14;
/** The version in the message itself: one word. */
export const HELLO_LEGACY_VERSION: u32 = 16;
export const HELLO_WORDS: u32 = 17;

const RECORD_HEAD: u32 = 5;
const MESSAGE_HEAD: u32 = 4;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const FRAGMENT_MAX: u32 = 16384 + 256;
/** Empty records in a row that are borne. */
const EMPTY_RECORDS_MAX: u32 = 32;
const RANDOM_BYTES: u32 = 32;
const SESSION_ID_MAX: u32 = 32;
const HOST_NAME: u32 = 0;
const HOST_NAME_MAX: u32 = 255;

const SERVER_NAME: u32 = 0;
const SUPPORTED_GROUPS: u32 = 10;
const POINT_FORMATS: u32 = 11;
const SIGNATURE_ALGORITHMS: u32 = 13;
const APPLICATION_PROTOCOLS: u32 = 16;
const SUPPORTED_VERSIONS: u32 = 43;

/** Bytes of work space: one bit for each type of extension. */
export const HELLO_SEEN_BYTES: u32 = 65536 / 8;

/**
 * Looks at what a connection has said first: HELLO_MORE, HELLO_NONE or HELLO_FOUND.
 * @param from `length` bytes, which are moved about; at least 1
 * @param seen HELLO_SEEN_BYTES bytes of work space
 * @param words HELLO_WORDS words for the answer
 */
export function clientHelloRead(from: usize, length: u32, seen: usize, words: usize): u32 {
  const end = from + length;
  let at = from;
  // The message gathers at the front: [from, message) is what the records before have brought.
  let message = from;
  let empty: u32 = 0;
  while (at + RECORD_HEAD <= end) {
    if (!mayBegin(at, end)) return HELLO_NONE;
    const fragment = big16(at + 3);
    if (fragment > FRAGMENT_MAX) return HELLO_NONE;
    empty = fragment == 0 ? empty + 1 : 0;
    if (empty > EMPTY_RECORDS_MAX) return HELLO_NONE;
    const next = at + RECORD_HEAD + fragment;
    const here = next <= end ? fragment : <u32>(end - at) - RECORD_HEAD;
    memory.copy(message, at + RECORD_HEAD, here);
    message += here;
    const have = <u32>(message - from);
    if (have > 0 && load<u8>(from) != CLIENT_HELLO) return HELLO_NONE;
    if (have >= MESSAGE_HEAD) {
      const body = big24(from + 1);
      if (have >= MESSAGE_HEAD + body) return readBody(from + MESSAGE_HEAD, body, seen, words);
    }
    if (next > end) return more(words, <u32>(next - from));
    at = next;
  }
  return mayBegin(at, end) ? more(words, <u32>(at - from) + RECORD_HEAD) : HELLO_NONE;
}

/** Whether what there is of a record's head is that of a handshake. */
function mayBegin(at: usize, end: usize): bool {
  return at >= end || (load<u8>(at) == HANDSHAKE && (at + 1 >= end || load<u8>(at, 1) == 3));
}

function more(words: usize, needed: u32): u32 {
  store<u32>(words, needed);
  return HELLO_MORE;
}

function readBody(from: usize, length: u32, seen: usize, words: usize): u32 {
  memory.fill(words, 0, HELLO_WORDS * 4);
  const end = from + length;
  let at = from + 2 + RANDOM_BYTES;
  if (at >= end) return HELLO_NONE;
  store<u32>(words, big16(from), HELLO_LEGACY_VERSION * 4);
  const session: u32 = load<u8>(at);
  at += 1 + session;
  if (session > SESSION_ID_MAX || at + 2 > end) return HELLO_NONE;
  const ciphers = big16(at);
  if (ciphers == 0 || (ciphers & 1) != 0) return HELLO_NONE;
  note(words, HELLO_CIPHERS, at + 2, ciphers);
  at += 2 + ciphers;
  if (at >= end) return HELLO_NONE;
  const compressions: u32 = load<u8>(at);
  at += 1 + compressions;
  if (compressions == 0 || at > end) return HELLO_NONE;
  if (at == end) return HELLO_FOUND;
  if (at + 2 > end || at + 2 + big16(at) != end) return HELLO_NONE;
  at += 2;
  note(words, HELLO_EXTENSIONS, at, <u32>(end - at));
  memory.fill(seen, 0, HELLO_SEEN_BYTES);
  while (at < end) {
    if (at + 4 > end) return HELLO_NONE;
    const type = big16(at);
    const body = big16(at + 2);
    at += 4;
    if (at + body > end) return HELLO_NONE;
    const bit: u32 = 1 << (type & 7);
    const place = seen + (type >> 3);
    if ((<u32>load<u8>(place) & bit) != 0) return HELLO_NONE;
    store<u8>(place, <u32>load<u8>(place) | bit);
    if (!readExtension(type, at, body, words)) return HELLO_NONE;
    at += body;
  }
  return HELLO_FOUND;
}

/** False: the handshake would end here. */
function readExtension(type: u32, at: usize, length: u32, words: usize): bool {
  switch (type) {
    case SERVER_NAME:
      return readServerName(at, length, words);
    case APPLICATION_PROTOCOLS:
      // One that is broken is for the handshake to refuse.
      if (isList16(at, length) && areProtocols(at + 2, length - 2)) note(words, HELLO_PROTOCOLS, at + 2, length - 2);
      return true;
    case SUPPORTED_GROUPS:
      if (length >= 2) note(words, HELLO_GROUPS, at + 2, length - 2);
      return true;
    case SIGNATURE_ALGORITHMS:
      if (length >= 2) note(words, HELLO_SIGNATURES, at + 2, length - 2);
      return true;
    case POINT_FORMATS:
      if (length >= 1) note(words, HELLO_POINT_FORMATS, at + 1, length - 1);
      return true;
    case SUPPORTED_VERSIONS:
      if (length >= 1) note(words, HELLO_VERSIONS, at + 1, length - 1);
      return true;
    default:
      return true;
  }
}

/** One name, of the one kind that there is (RFC 6066 3). */
function readServerName(at: usize, length: u32, words: usize): bool {
  if (length < 5 || !isList16(at, length) || <u32>load<u8>(at, 2) != HOST_NAME) return false;
  const name = big16(at + 3);
  if (name + 5 != length || name == 0 || name > HOST_NAME_MAX) return false;
  for (let i: u32 = 0; i < name; i++) if (load<u8>(at + 5 + i) == 0) return false;
  note(words, HELLO_SERVER_NAME, at + 5, name);
  return true;
}

/** Whether the body is one list, behind its length. */
function isList16(at: usize, length: u32): bool {
  return length >= 2 && big16(at) + 2 == length;
}

function areProtocols(at: usize, length: u32): bool {
  const end = at + length;
  if (length < 2) return false;
  while (at < end) {
    const name: u32 = load<u8>(at);
    at += 1 + name;
    if (name == 0 || at > end) return false;
  }
  return true;
}

function note(words: usize, part: u32, at: usize, length: u32): void {
  store<u32>(words + part * 4, <u32>at);
  store<u32>(words + part * 4, length, 4);
}

function big16(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | <u32>load<u8>(at, 1);
}

function big24(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 16) | big16(at + 1);
}
