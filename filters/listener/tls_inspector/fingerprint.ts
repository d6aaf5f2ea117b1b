/**
 * Fingerprints of a client by its ClientHello, as Envoy makes them:
 *
 *   JA3  MD5 of version,ciphers,extensions,groups,point formats: decimal numbers with dashes between
 *   JA4  t, version, d or i (with or without a server name), counts of ciphers and extensions, first and last letter of the first
 *        protocol; _ SHA-256 of the ciphers in order; _ SHA-256 of the extensions in order and the signature algorithms
 *
 * Numbers of RFC 8701, which clients strew in at random, do not count among ciphers and extensions.
 */

import { createHash } from "node:crypto";
import type { ClientHello } from "../../../host/wasm/client_hello.ts";

const SERVER_NAME = 0;
const APPLICATION_PROTOCOLS = 16;
const JA4_HASH_LENGTH = 12;

export function ja3Of(hello: ClientHello): string {
  const parts = [
    [hello.legacyVersion],
    pairs(hello.ciphers).filter(isMeant),
    extensionsOf(hello.extensions).filter(isMeant),
    pairs(hello.groups),
    [...hello.pointFormats],
  ];
  return createHash("md5")
    .update(parts.map((numbers) => numbers.join("-")).join(","))
    .digest("hex");
}

export function ja4Of(hello: ClientHello): string {
  const ciphers = pairs(hello.ciphers).filter(isMeant);
  const extensions = extensionsOf(hello.extensions).filter(isMeant);
  const offered = pairs(hello.versions).filter(isMeant);
  const version = offered.length > 0 ? Math.max(...offered) : hello.legacyVersion;
  const isNamed = extensions.includes(SERVER_NAME);
  const head = `t${versionText(version)}${isNamed ? "d" : "i"}${count(ciphers)}${count(extensions)}${protocolLetters(hello)}`;
  const others = extensions.filter((type) => type !== SERVER_NAME && type !== APPLICATION_PROTOCOLS);
  const signatures = pairs(hello.signatures).map(hex4).join(",");
  const second = sortedHex(others) + (signatures === "" ? "" : `_${signatures}`);
  return `${head}_${ja4Hash(ciphers.length === 0 ? "" : sortedHex(ciphers))}_${ja4Hash(others.length === 0 ? "" : second)}`;
}

function pairs(list: Buffer): number[] {
  return Array.from({ length: list.length >> 1 }, (_, i) => list.readUInt16BE(2 * i));
}

function extensionsOf(list: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < list.length; at += 4 + list.readUInt16BE(at + 2)) types.push(list.readUInt16BE(at));
  return types;
}

/** Not one of 0x0a0a, 0x1a1a, ... */
function isMeant(value: number): boolean {
  return (value & 0x0f0f) !== 0x0a0a || value >> 8 !== (value & 0xff);
}

function versionText(version: number): string {
  return version >= 0x0301 && version <= 0x0304 ? `1${version - 0x0301}` : "00";
}

function count(list: readonly number[]): string {
  return String(Math.min(list.length, 99)).padStart(2, "0");
}

function protocolLetters({ protocols: [protocol = ""] }: ClientHello): string {
  if (protocol === "") return "00";
  const [first, last] = [protocol[0] as string, protocol.at(-1) as string];
  if (/^[0-9A-Za-z]{2}$/.test(first + last)) return first + last;
  return (first.charCodeAt(0) >> 4).toString(16) + (last.charCodeAt(0) & 15).toString(16);
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, "0");
}

function sortedHex(list: readonly number[]): string {
  return [...list]
    .sort((a, b) => a - b)
    .map(hex4)
    .join(",");
}

function ja4Hash(text: string): string {
  if (text === "") return "0".repeat(JA4_HASH_LENGTH);
  return createHash("sha256").update(text).digest("hex").slice(0, JA4_HASH_LENGTH);
}
