/** The first message of a TLS client, as the core reads it (assembly/tls/client_hello.ts). */

import type { Core } from "./core.ts";
import {
  HELLO_CIPHERS,
  HELLO_EXTENSIONS,
  HELLO_GROUPS,
  HELLO_LEGACY_VERSION,
  HELLO_MORE,
  HELLO_NONE,
  HELLO_POINT_FORMATS,
  HELLO_PROTOCOLS,
  HELLO_SEEN_BYTES,
  HELLO_SERVER_NAME,
  HELLO_SIGNATURES,
  HELLO_VERSIONS,
  HELLO_WORDS,
  SCRATCH_BYTES,
  SCRATCH_START,
} from "./layout.gen.ts";

const SEEN_AT = SCRATCH_START + SCRATCH_BYTES - HELLO_SEEN_BYTES;
const WORDS_AT = SEEN_AT - 4 * ((HELLO_WORDS + 3) & ~3);
/** The longest beginning of a connection that can be looked at. */
export const CLIENT_HELLO_ROOM = WORDS_AT - SCRATCH_START;

/** Parts are views on core memory, empty where there is none: valid until the next call into the core. */
export interface ClientHello {
  /** In lower case; empty without. */
  readonly serverName: string;
  readonly protocols: readonly string[];
  readonly legacyVersion: number;
  /** Lists of numbers of 2 bytes, but for the point formats. */
  readonly ciphers: Buffer;
  readonly groups: Buffer;
  readonly pointFormats: Buffer;
  readonly signatures: Buffer;
  readonly versions: Buffer;
  /** As they stand in the message. */
  readonly extensions: Buffer;
}

/** Not the begin of a ClientHello; or how many bytes there must be before it is worth to ask again. */
export type HelloAnswer = ClientHello | "none" | number;

/** @param bytes what has come so far, at most CLIENT_HELLO_ROOM and at least one */
export function readClientHello(core: Core, bytes: Uint8Array): HelloAnswer {
  core.bytes.set(bytes, SCRATCH_START);
  const answer = core.exports.clientHelloRead(SCRATCH_START, bytes.length, SEEN_AT, WORDS_AT);
  if (answer === HELLO_NONE) return "none";
  const word = (i: number) => core.words[(WORDS_AT >> 2) + i] as number;
  if (answer === HELLO_MORE) return word(0);
  const part = (i: number) => core.bytes.subarray(word(i), word(i) + word(i + 1));
  return {
    serverName: part(HELLO_SERVER_NAME).toString("latin1").toLowerCase(),
    protocols: protocolsIn(part(HELLO_PROTOCOLS)),
    legacyVersion: word(HELLO_LEGACY_VERSION),
    ciphers: part(HELLO_CIPHERS),
    groups: part(HELLO_GROUPS),
    pointFormats: part(HELLO_POINT_FORMATS),
    signatures: part(HELLO_SIGNATURES),
    versions: part(HELLO_VERSIONS),
    extensions: part(HELLO_EXTENSIONS),
  };
}

function protocolsIn(list: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < list.length; at += 1 + (list[at] as number)) {
    names.push(list.toString("latin1", at + 1, at + 1 + (list[at] as number)));
  }
  return names;
}
