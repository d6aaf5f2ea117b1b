/**
 * What the forwarding rules of the core (assembly/header/forward_request, forward_response) are told, and what they answer.
 *
 * A connection manager has one record of parameters in the config arena; a downstream connection has one peer record, opened when it is
 * accepted and closed with it. Each request and each response is one call:
 *
 *   const code = core.exports.forwardRequest(map.block, params, peer, internalOnly);
 *   map.block = core.result(FORWARDED_BLOCK);          // in any case
 *   if (code !== OK) ...                               // HEADER_NO_ROOM: 431; HEADER_CONNECTION_REFUSED: 400
 *   const facts = core.result(FORWARDED_FACTS);        // FORWARDED_INTERNAL | FORWARDED_EDGE | ...
 */

import type { ConfigArena } from "./config_arena.ts";
import type { Core } from "./core.ts";
import {
  CLIENT_CERT_ALWAYS_FORWARD_ONLY,
  CLIENT_CERT_APPEND_FORWARD,
  CLIENT_CERT_FORWARD_ONLY,
  CLIENT_CERT_SANITIZE,
  CLIENT_CERT_SANITIZE_SET,
  DATE_BYTES,
  DATE_TEXT,
  FORWARD_ADD_USER_AGENT,
  FORWARD_ALWAYS_SET_REQUEST_ID_IN_RESPONSE,
  FORWARD_APPEND_X_FORWARDED_PORT,
  FORWARD_CLIENT_CERT,
  FORWARD_FLAGS,
  FORWARD_GENERATE_REQUEST_ID,
  FORWARD_INTERNAL_RANGES,
  FORWARD_INTERNAL_UNIX_SOCKETS,
  FORWARD_LOCAL_ADDRESS,
  FORWARD_NODE,
  FORWARD_PARAMS_BYTES,
  FORWARD_PRESERVE_EXTERNAL_REQUEST_ID,
  FORWARD_RANGE_BYTES,
  FORWARD_SCHEME,
  FORWARD_SERVER_HEADER,
  FORWARD_SERVER_NAME,
  FORWARD_SKIP_XFF_APPEND,
  FORWARD_TRUSTED_HOPS,
  FORWARD_USE_REMOTE_ADDRESS,
  FORWARD_USER_AGENT,
  FORWARD_VIA,
  FORWARDED_CLIENT,
  FORWARDED_CLIENT_LENGTH,
  PEER_HTTPS,
  SCRATCH_BYTES,
  SCRATCH_START,
  SERVER_HEADER_APPEND_IF_ABSENT,
  SERVER_HEADER_OVERWRITE,
  SERVER_HEADER_PASS_THROUGH,
} from "./layout.gen.ts";
import { readLatin1, utf8AsLatin1, writeLatin1 } from "./text.ts";

const SERVER_HEADERS = {
  OVERWRITE: SERVER_HEADER_OVERWRITE,
  APPEND_IF_ABSENT: SERVER_HEADER_APPEND_IF_ABSENT,
  PASS_THROUGH: SERVER_HEADER_PASS_THROUGH,
} as const;

const CLIENT_CERTS = {
  SANITIZE: CLIENT_CERT_SANITIZE,
  FORWARD_ONLY: CLIENT_CERT_FORWARD_ONLY,
  APPEND_FORWARD: CLIENT_CERT_APPEND_FORWARD,
  SANITIZE_SET: CLIENT_CERT_SANITIZE_SET,
  ALWAYS_FORWARD_ONLY: CLIENT_CERT_ALWAYS_FORWARD_ONLY,
} as const;

/** Envoy's HttpConnectionManager as far as the rules read it. */
export interface ForwardParams {
  readonly useRemoteAddress: boolean;
  readonly xffNumTrustedHops: number;
  readonly skipXffAppend: boolean;
  readonly generateRequestId: boolean;
  readonly preserveExternalRequestId: boolean;
  readonly alwaysSetRequestIdInResponse: boolean;
  readonly appendXForwardedPort: boolean;
  readonly serverHeaderTransformation: keyof typeof SERVER_HEADERS;
  readonly forwardClientCertDetails: keyof typeof CLIENT_CERTS;
  readonly serverName: string;
  /** Empty: none. */
  readonly via: string;
  /** With `add_user_agent`: the service cluster of this proxy; null without. */
  readonly userAgent: string | null;
  /** Id of this node; empty: not told. */
  readonly nodeId: string;
  /** `scheme_to_overwrite`; empty: not set. */
  readonly scheme: string;
  /** The address of this machine, without port, which stands for a loopback peer in x-forwarded-for. */
  readonly localAddress: string;
  /** `internal_address_config.cidr_ranges`. */
  readonly internalRanges: readonly InternalRange[];
  /** `internal_address_config.unix_sockets`. */
  readonly internalUnixSockets: boolean;
}

export interface InternalRange {
  /** IPv4 or IPv6, as text. */
  readonly address: string;
  readonly prefixBits: number;
}

/**
 * Writes a record of parameters; its address. One run of the arena holds all of it: `arena.release(address)` gives it back. Throws RangeError for a
 * range that is no address, and ConfigArenaFull.
 */
export function storeForwardParams(arena: ConfigArena, params: ForwardParams): number {
  const { core } = arena;
  const texts = [
    [FORWARD_SERVER_NAME, params.serverName],
    [FORWARD_VIA, params.via],
    [FORWARD_USER_AGENT, params.userAgent ?? ""],
    [FORWARD_NODE, params.nodeId],
    [FORWARD_SCHEME, params.scheme],
    [FORWARD_LOCAL_ADDRESS, params.localAddress],
  ].map(([offset, text]) => ({ offset: offset as number, bytes: Buffer.from(text as string, "utf8") }));
  const rangesAt = FORWARD_PARAMS_BYTES;
  const textsAt = rangesAt + params.internalRanges.length * FORWARD_RANGE_BYTES;
  const at = arena.allocate(textsAt + texts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const put = (offset: number, value: number) => {
    core.words[(at + offset) >> 2] = value;
  };
  put(FORWARD_FLAGS, flagsOf(params));
  put(FORWARD_TRUSTED_HOPS, params.xffNumTrustedHops);
  put(FORWARD_SERVER_HEADER, SERVER_HEADERS[params.serverHeaderTransformation]);
  put(FORWARD_CLIENT_CERT, CLIENT_CERTS[params.forwardClientCertDetails]);
  put(FORWARD_INTERNAL_RANGES, at + rangesAt);
  put(FORWARD_INTERNAL_RANGES + 4, params.internalRanges.length);
  params.internalRanges.forEach((range, i) => {
    const rangeAt = at + rangesAt + i * FORWARD_RANGE_BYTES;
    writeRange(core, rangeAt, range);
  });
  let textAt = at + textsAt;
  for (const { offset, bytes } of texts) {
    core.bytes.set(bytes, textAt);
    put(offset, textAt);
    put(offset + 4, bytes.length);
    textAt += bytes.length;
  }
  return at;
}

/** Writes a list of header names that only internal clients may send (`internal_only_headers`), in lower case; its address, or 0 for none. */
export function storeNameList(arena: ConfigArena, names: readonly string[]): number {
  if (names.length === 0) return 0;
  const texts = names.map((name) => Buffer.from(utf8AsLatin1(name), "latin1"));
  const head = 4 + texts.length * 8;
  const at = arena.allocate(head + texts.reduce((sum, text) => sum + text.length, 0));
  const { bytes, words } = arena.core;
  words[at >> 2] = texts.length;
  let textAt = at + head;
  texts.forEach((text, i) => {
    bytes.set(text, textAt);
    words[((at + 4) >> 2) + i * 2] = textAt;
    words[((at + 4) >> 2) + i * 2 + 1] = text.length;
    textAt += text.length;
  });
  return at;
}

/**
 * A peer record for a downstream connection: the peer's address without port (an IPv4 client of an IPv6 socket as IPv4; empty for a unix socket). Its
 * handle, for `forwardRequest` and `forwardPeerClose`; 0: as many connections as there can be.
 */
export function openForwardPeer(core: Core, remoteAddress: string, localPort: number, isHttps: boolean): number {
  const length = writeLatin1(core.bytes, SCRATCH_START, remoteAddress, SCRATCH_BYTES);
  return core.exports.forwardPeerOpen(Math.max(length, 0), localPort, isHttps ? PEER_HTTPS : 0);
}

/** The client's address after `forwardRequest`, without port; empty: the peer has no IP address. */
export function forwardedClient(core: Core): string {
  return readLatin1(core.bytes, core.result(FORWARDED_CLIENT), core.result(FORWARDED_CLIENT_LENGTH));
}

/** Sets what `date` says from now on (RFC 9110 5.6.7). Once a second is enough. */
export function setDate(core: Core, wallMs: number): void {
  const length = writeLatin1(core.bytes, DATE_TEXT, new Date(wallMs).toUTCString(), DATE_BYTES);
  if (length !== DATE_BYTES) throw new RangeError(`no date: ${wallMs}`);
}

function flagsOf(params: ForwardParams): number {
  return (
    (params.useRemoteAddress ? FORWARD_USE_REMOTE_ADDRESS : 0) |
    (params.skipXffAppend ? FORWARD_SKIP_XFF_APPEND : 0) |
    (params.generateRequestId ? FORWARD_GENERATE_REQUEST_ID : 0) |
    (params.preserveExternalRequestId ? FORWARD_PRESERVE_EXTERNAL_REQUEST_ID : 0) |
    (params.alwaysSetRequestIdInResponse ? FORWARD_ALWAYS_SET_REQUEST_ID_IN_RESPONSE : 0) |
    (params.appendXForwardedPort ? FORWARD_APPEND_X_FORWARDED_PORT : 0) |
    (params.userAgent !== null ? FORWARD_ADD_USER_AGENT : 0) |
    (params.internalUnixSockets ? FORWARD_INTERNAL_UNIX_SOCKETS : 0)
  );
}

function writeRange(core: Core, at: number, { address, prefixBits }: InternalRange): void {
  const length = writeLatin1(core.bytes, SCRATCH_START, address, SCRATCH_BYTES);
  const family = length < 0 ? 0 : core.exports.parseIp(SCRATCH_START, length, at + 8);
  const bits = family === 4 ? 32 : 128;
  if (family === 0 || !(prefixBits >= 0 && prefixBits <= bits)) {
    throw new RangeError(`no address range: ${address}/${prefixBits}`);
  }
  core.words[at >> 2] = family;
  core.words[(at + 4) >> 2] = prefixBits;
}
