// What the forwarding rules are told: one record for each connection manager, one for each downstream connection. Both are filled by the
// host (host/wasm/forward.ts) and only read here.

import { FORWARD_PEER_BYTES, FORWARD_PEERS_MAX, FORWARD_PEERS_START, SCRATCH_START } from "../abi/limits";
import { copyBytes } from "../bytes/copy";
import { IP_TEXT_MAX, isLoopback, parseIp } from "../bytes/ip";
import { FORWARD_PEER_SLOTS } from "../memory/arena";
import { Slots, slotAt, slotFree, slotsInit, slotTake } from "../memory/slots";

/** Envoy's HttpConnectionManager, field by field. Texts are addresses in the config arena with their length; length 0: not set. */
@unmanaged
export class ForwardParams {
  /** FORWARD_... bits. */
  flags: u32;
  /** xff_num_trusted_hops. */
  trustedHops: u32;
  /** SERVER_HEADER_... */
  serverHeader: u32;
  /** CLIENT_CERT_... */
  clientCert: u32;
  serverName: u32;
  serverNameLength: u32;
  via: u32;
  viaLength: u32;
  /** Where add_user_agent is set: the service cluster of this proxy (`--service-cluster`). */
  userAgent: u32;
  userAgentLength: u32;
  /** Id of this node, for x-envoy-downstream-service-node; used with add_user_agent. */
  node: u32;
  nodeLength: u32;
  /** scheme_header_transformation.scheme_to_overwrite. */
  scheme: u32;
  schemeLength: u32;
  /** The address of this machine, which stands in x-forwarded-for for a loopback peer. */
  localAddress: u32;
  localAddressLength: u32;
  /** internal_address_config: ranges of FORWARD_RANGE_BYTES. */
  internalRanges: u32;
  internalRangeCount: u32;
}

export const FORWARD_PARAMS_BYTES: u32 = offsetof<ForwardParams>();
export const FORWARD_FLAGS: u32 = offsetof<ForwardParams>("flags");
export const FORWARD_TRUSTED_HOPS: u32 = offsetof<ForwardParams>("trustedHops");
export const FORWARD_SERVER_HEADER: u32 = offsetof<ForwardParams>("serverHeader");
export const FORWARD_CLIENT_CERT: u32 = offsetof<ForwardParams>("clientCert");
export const FORWARD_SERVER_NAME: u32 = offsetof<ForwardParams>("serverName");
export const FORWARD_VIA: u32 = offsetof<ForwardParams>("via");
export const FORWARD_USER_AGENT: u32 = offsetof<ForwardParams>("userAgent");
export const FORWARD_NODE: u32 = offsetof<ForwardParams>("node");
export const FORWARD_SCHEME: u32 = offsetof<ForwardParams>("scheme");
export const FORWARD_LOCAL_ADDRESS: u32 = offsetof<ForwardParams>("localAddress");
export const FORWARD_INTERNAL_RANGES: u32 = offsetof<ForwardParams>("internalRanges");

export const FORWARD_USE_REMOTE_ADDRESS: u32 = 1;
export const FORWARD_SKIP_XFF_APPEND: u32 = 2;
export const FORWARD_GENERATE_REQUEST_ID: u32 = 4;
export const FORWARD_PRESERVE_EXTERNAL_REQUEST_ID: u32 = 8;
export const FORWARD_ALWAYS_SET_REQUEST_ID_IN_RESPONSE: u32 = 16;
export const FORWARD_APPEND_X_FORWARDED_PORT: u32 = 32;
export const FORWARD_ADD_USER_AGENT: u32 = 64;
/** internal_address_config.unix_sockets: a peer without an IP address is internal. */
export const FORWARD_INTERNAL_UNIX_SOCKETS: u32 = 128;

// server_header_transformation, numbered as in the API.
export const SERVER_HEADER_OVERWRITE: u32 = 0;
export const SERVER_HEADER_APPEND_IF_ABSENT: u32 = 1;
export const SERVER_HEADER_PASS_THROUGH: u32 = 2;

// forward_client_cert_details, numbered as in the API.
export const CLIENT_CERT_SANITIZE: u32 = 0;
export const CLIENT_CERT_FORWARD_ONLY: u32 = 1;
export const CLIENT_CERT_APPEND_FORWARD: u32 = 2;
export const CLIENT_CERT_SANITIZE_SET: u32 = 3;
export const CLIENT_CERT_ALWAYS_FORWARD_ONLY: u32 = 4;

/** A CIDR range: {family u32 (4 or 6), prefix bits u32, 16 bytes of address}. */
export const FORWARD_RANGE_BYTES: u32 = 24;

/** One downstream connection. */
@unmanaged
export class ForwardPeer {
  /** The slot's. */
  generation: i32;
  /** PEER_... bits. */
  flags: u32;
  /** 4, 6, or 0: the peer has no IP address (unix socket). */
  family: u32;
  localPort: u32;
  address0: u64;
  address8: u64;
  /** What x-forwarded-client-cert says of the client's certificate; length 0: it has none. */
  certDetails: u32;
  certDetailsLength: u32;
  textLength: u32;
  // text: 48 bytes
}

const PEER_ADDRESS: u32 = offsetof<ForwardPeer>("address0");
const PEER_TEXT: u32 = offsetof<ForwardPeer>();

/** The connection counts as https (TLS, or what forward_proto_config says of its port). */
export const PEER_HTTPS: u32 = 1;
/** The client has shown a certificate. */
export const PEER_CLIENT_CERT: u32 = 2;
/** The peer is 127.0.0.1 or ::1. */
const PEER_LOOPBACK: u32 = 4;

/** Prepares the table. Once, from `init`. */
export function forwardPeersInit(): void {
  assert(PEER_TEXT + IP_TEXT_MAX <= FORWARD_PEER_BYTES);
  slotsInit(changetype<Slots>(<usize>FORWARD_PEER_SLOTS), FORWARD_PEERS_START, FORWARD_PEER_BYTES, FORWARD_PEERS_MAX);
}

/**
 * A record for a downstream connection; the text of the peer's address (without port) is in scratch. Its handle; 0: as many
 * connections as there can be.
 */
export function forwardPeerOpen(addressLength: u32, localPort: u32, flags: u32): u32 {
  const handle = slotTake(changetype<Slots>(<usize>FORWARD_PEER_SLOTS));
  if (handle == 0) return 0;
  const it = peerAt(handle);
  const at = changetype<usize>(it);
  it.family = parseIp(SCRATCH_START, addressLength, at + PEER_ADDRESS);
  it.textLength = it.family == 0 ? 0 : addressLength;
  copyBytes(at + PEER_TEXT, SCRATCH_START, it.textLength);
  it.localPort = localPort;
  it.flags = flags | (isLoopback(it.family, at + PEER_ADDRESS) ? PEER_LOOPBACK : 0);
  it.certDetails = 0;
  it.certDetailsLength = 0;
  return handle;
}

/** Says what x-forwarded-client-cert will tell of this client; the text stays where it is as long as the record. */
export function forwardPeerCertificate(handle: u32, details: u32, length: u32): void {
  const it = peerAt(handle);
  it.flags |= PEER_CLIENT_CERT;
  it.certDetails = details;
  it.certDetailsLength = length;
}

/** Gives the record back. */
export function forwardPeerClose(handle: u32): void {
  slotFree(changetype<Slots>(<usize>FORWARD_PEER_SLOTS), handle);
}

export function peerAt(handle: u32): ForwardPeer {
  return changetype<ForwardPeer>(slotAt(changetype<Slots>(<usize>FORWARD_PEER_SLOTS), handle));
}

/** Address of the 16 bytes of a peer's address. */
export function peerAddress(it: ForwardPeer): usize {
  return changetype<usize>(it) + PEER_ADDRESS;
}

/** Address of its text. */
export function peerText(it: ForwardPeer): usize {
  return changetype<usize>(it) + PEER_TEXT;
}

export function isLoopbackPeer(it: ForwardPeer): bool {
  return (it.flags & PEER_LOOPBACK) != 0;
}
