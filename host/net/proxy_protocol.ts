/**
 * The PROXY protocol: what a proxy in front says of the client of a connection, ahead of everything else on it.
 *
 *   version 1: PROXY TCP4 source destination port port CR LF                      at most 108 bytes, as Envoy counts
 *   version 2: signature <12> | version 4, command 4 | family 4, transport 4 | length <2> | addresses | TLV ...
 *   TLV:       type <1> | length <2> | value
 *
 * Read as Envoy reads it: addresses must be ones that a TCP connection can have.
 */

import { type IpAddress, ipAddress } from "./address.ts";

export interface ProxyTlv {
  readonly type: number;
  readonly value: Buffer;
}

/** What a header says. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Bytes of the header. */
  readonly length: number;
  /** Null: the connection speaks for itself (LOCAL, UNKNOWN). */
  readonly source: IpAddress | null;
  readonly destination: IpAddress | null;
  readonly tlvs: readonly ProxyTlv[];
}

/** `none`: no header begins here. `bad`: one does, and is wrong. */
export type ProxyAnswer = ProxyHeader | "more" | "none" | "bad";

export type ProxyVersion = 0 | 1 | 2;

const V1_BEGIN = Buffer.from("PROXY ");
const V1_MAX = 108;
export const V2_SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
export const V2_FIXED = 16;
/** The longest header there is. */
export const PROXY_HEADER_MAX = V2_FIXED + 65_535;

const LOCAL = 0;
const PROXY = 1;
const STREAM = 1;
const DATAGRAM = 2;
export const FAMILY_IPV4 = 1;
export const FAMILY_IPV6 = 2;

/** Whether these bytes, or more that begin with them, may be a header of that version. */
export function mayBegin(bytes: Buffer, version: 1 | 2): boolean {
  const begin = version === 1 ? V1_BEGIN : V2_SIGNATURE;
  const length = Math.min(begin.length, bytes.length);
  return begin.compare(bytes, 0, length, 0, length) === 0;
}

/** Which version these bytes are of; 0: it is not known yet, or none. */
export function versionOf(bytes: Buffer): ProxyVersion | "none" {
  if (bytes.length >= V2_FIXED) {
    if (mayBegin(bytes, 2)) return 2;
    if (!mayBegin(bytes, 1)) return "none";
  }
  const end = lineEnd(bytes);
  if (end > V1_MAX) return "none";
  if (end > 0) return 1;
  return bytes.length > V1_MAX ? "none" : 0;
}

/** @param bytes all that has come @param version as `versionOf` says */
export function readProxyHeader(bytes: Buffer, version: 1 | 2): ProxyAnswer {
  return version === 1 ? readLine(bytes.toString("latin1", 0, lineEnd(bytes))) : readBinary(bytes);
}

/** The length of the first line with its CR LF, or 0; an empty first line is the begin of version 2. */
function lineEnd(bytes: Buffer): number {
  const at = bytes.indexOf("\r\n", 0, "latin1");
  return at <= 0 ? 0 : at + 2;
}

function readLine(line: string): ProxyAnswer {
  const words = line.trimEnd().split(" ");
  const [begin, kind, source = "", destination = "", sourcePort = "", destinationPort = ""] = words;
  const version = 1;
  if (begin !== "PROXY") return "bad";
  if (kind === "UNKNOWN") return { version, length: line.length, source: null, destination: null, tlvs: [] };
  if (words.length !== 6 || (kind !== "TCP4" && kind !== "TCP6")) return "bad";
  const family = kind === "TCP4" ? 4 : 6;
  const from = addressOf(source, sourcePort, family);
  const to = addressOf(destination, destinationPort, family);
  return from === null || to === null
    ? "bad"
    : { version, length: line.length, source: from, destination: to, tlvs: [] };
}

function addressOf(ip: string, port: string, version: 4 | 6): IpAddress | null {
  const address = /^\+?\d+$/.test(port) ? ipAddress(ip, Number(port)) : null;
  return address !== null && address.version === version && isUnicast(address) ? address : null;
}

function isUnicast({ version, ip }: IpAddress): boolean {
  if (version === 6) return ip !== "::" && !ip.startsWith("ff");
  const first = Number.parseInt(ip, 10);
  return ip !== "0.0.0.0" && ip !== "255.255.255.255" && !(first >= 224 && first < 240);
}

function readBinary(bytes: Buffer): ProxyAnswer {
  const [command, family] = [bytes[12] as number, bytes[13] as number];
  if (command >> 4 !== 2) return "bad";
  const isLocal = (command & 15) === LOCAL;
  const addressBytes = isLocal ? 0 : addressLength(family >> 4);
  const rest = bytes.readUInt16BE(14);
  const length = V2_FIXED + rest;
  if (addressBytes < 0 || rest < addressBytes) return "bad";
  if (!isLocal && ((command & 15) !== PROXY || ((family & 15) !== STREAM && (family & 15) !== DATAGRAM))) return "bad";
  if (bytes.length < length) return "more";
  if (isLocal) return { version: 2, length, source: null, destination: null, tlvs: [] };
  const tlvs = readTlvs(bytes.subarray(V2_FIXED + addressBytes, length));
  const width = (addressBytes - 4) / 2;
  const ports = V2_FIXED + 2 * width;
  const source = addressIn(bytes.subarray(V2_FIXED, V2_FIXED + width), bytes.readUInt16BE(ports));
  const destination = addressIn(bytes.subarray(V2_FIXED + width, ports), bytes.readUInt16BE(ports + 2));
  if (tlvs === null || !isUnicast(source) || !isUnicast(destination)) return "bad";
  return { version: 2, length, source, destination, tlvs };
}

/** Two addresses and two ports; below 0: a family that we do not serve. */
function addressLength(family: number): number {
  if (family === FAMILY_IPV4) return 2 * (4 + 2);
  return family === FAMILY_IPV6 ? 2 * (16 + 2) : -1;
}

function addressIn(bytes: Buffer, port: number): IpAddress {
  const text =
    bytes.length === 4
      ? bytes.join(".")
      : Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(":");
  return ipAddress(text, port) as IpAddress;
}

/** Null: one does not end within the header. */
function readTlvs(bytes: Buffer): readonly ProxyTlv[] | null {
  const tlvs: ProxyTlv[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) return null;
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return null;
    tlvs.push({ type: bytes[at] as number, value: Buffer.from(bytes.subarray(at + 3, end)) });
    at = end;
  }
  return tlvs;
}
