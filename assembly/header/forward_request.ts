// What a connection manager does to a request's head before anybody looks at it: the rules of Envoy's connection manager, in one call.
//
//   1. what ends at this hop goes away                (connection_options)
//   2. who is the client, and is the request internal? (client_address)
//   3. what an outsider must not say goes away
//   4. what the proxy knows is added: x-forwarded-*, via, x-envoy-*, x-request-id
//
// Reading comes first, then one walk removes, then fields are added: the order in which Envoy decides, not the order in which it writes.

import { HEADER_NO_ROOM, OK } from "../abi/result";
import { equalBytes } from "../bytes/copy";
import { writeDecimal } from "../bytes/digits";
import { CLIENT_ADDRESS, CLIENT_TEXT, FORWARD_TEXT, RESULT } from "../memory/arena";
import { FIELD_DERIVED, fieldAt, fieldValue } from "./block";
import { clientTextLength, isInternal, isOnlyEntry, readForwardedFor } from "./client_address";
import { dropH2c, isUpgrade, removeNominated, sanitizeTe } from "./connection_options";
import { draft, draftAdd, draftAppend, draftBegin, draftSet } from "./draft";
import {
  CLIENT_CERT_ALWAYS_FORWARD_ONLY,
  CLIENT_CERT_APPEND_FORWARD,
  CLIENT_CERT_SANITIZE,
  CLIENT_CERT_SANITIZE_SET,
  FORWARD_ADD_USER_AGENT,
  FORWARD_APPEND_X_FORWARDED_PORT,
  FORWARD_GENERATE_REQUEST_ID,
  FORWARD_PRESERVE_EXTERNAL_REQUEST_ID,
  FORWARD_SKIP_XFF_APPEND,
  FORWARD_USE_REMOTE_ADDRESS,
  ForwardParams,
  ForwardPeer,
  isLoopbackPeer,
  PEER_CLIENT_CERT,
  PEER_HTTPS,
  peerAddress,
  peerAt,
  peerText,
} from "./forward_params";
import { JOINED_REQUEST_HIGH, JOINED_REQUEST_LOW, joinRepeated } from "./joined";
import { headerRemove, headerRemoveIds } from "./mutate";
import {
  HEADER_CONNECTION,
  HEADER_KEEP_ALIVE,
  HEADER_PROXY_CONNECTION,
  HEADER_REFERER,
  HEADER_SCHEME,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  HEADER_USER_AGENT,
  HEADER_VIA,
  HEADER_X_ENVOY_DECORATOR_OPERATION,
  HEADER_X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER,
  HEADER_X_ENVOY_DOWNSTREAM_SERVICE_NODE,
  HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS,
  HEADER_X_ENVOY_EXTERNAL_ADDRESS,
  HEADER_X_ENVOY_FORCE_TRACE,
  HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT,
  HEADER_X_ENVOY_INTERNAL,
  HEADER_X_ENVOY_IP_TAGS,
  HEADER_X_ENVOY_MAX_RETRIES,
  HEADER_X_ENVOY_ORIGINAL_HOST,
  HEADER_X_ENVOY_ORIGINAL_PATH,
  HEADER_X_ENVOY_ORIGINAL_URL,
  HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES,
  HEADER_X_ENVOY_RETRIABLE_STATUS_CODES,
  HEADER_X_ENVOY_RETRY_GRPC_ON,
  HEADER_X_ENVOY_RETRY_ON,
  HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME,
  HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS,
  HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE,
  HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS,
  HEADER_X_FORWARDED_CLIENT_CERT,
  HEADER_X_FORWARDED_FOR,
  HEADER_X_FORWARDED_PORT,
  HEADER_X_FORWARDED_PROTO,
  HEADER_X_REQUEST_ID,
} from "./names";
import { headerFindId, headerHasId } from "./read";
import { hasBadReferer } from "./referer";
import { UUID_BYTES, writeUuid } from "./request_id";
import { TEXT_HTTP, TEXT_HTTPS, TEXT_TRUE } from "./values";

// --- result words
/** The block that holds from now on, also after a refusal. */
export const FORWARDED_BLOCK: u32 = 0;
/** FORWARDED_... bits. */
export const FORWARDED_FACTS: u32 = 1;
/** Address of the client as text, and its length; length 0: the peer has no IP address. Valid until the next call. */
export const FORWARDED_CLIENT: u32 = 2;
export const FORWARDED_CLIENT_LENGTH: u32 = 3;

/** The client is in internal_address_config, and nobody stands between. */
export const FORWARDED_INTERNAL: u32 = 1;
/** use_remote_address, and the client is not internal. */
export const FORWARDED_EDGE: u32 = 2;
/** The client's address comes from x-forwarded-for: it is not that of the socket. */
export const FORWARDED_FROM_HEADER: u32 = 4;
/** The request asks for an upgrade, whose fields are still there. */
export const FORWARDED_UPGRADE: u32 = 8;

// --- sets of known names, all below 64
const HOP_BY_HOP: u64 =
  ((<u64>1) << HEADER_KEEP_ALIVE) |
  ((<u64>1) << HEADER_PROXY_CONNECTION) |
  ((<u64>1) << HEADER_TRANSFER_ENCODING) |
  ((<u64>1) << HEADER_X_ENVOY_INTERNAL);
const NEGOTIATION: u64 = ((<u64>1) << HEADER_CONNECTION) | ((<u64>1) << HEADER_UPGRADE);
/** What only internal clients may say. */
const INTERNAL_ONLY: u64 =
  ((<u64>1) << HEADER_X_ENVOY_RETRIABLE_STATUS_CODES) |
  ((<u64>1) << HEADER_X_ENVOY_RETRIABLE_HEADER_NAMES) |
  ((<u64>1) << HEADER_X_ENVOY_RETRY_ON) |
  ((<u64>1) << HEADER_X_ENVOY_RETRY_GRPC_ON) |
  ((<u64>1) << HEADER_X_ENVOY_MAX_RETRIES) |
  ((<u64>1) << HEADER_X_ENVOY_UPSTREAM_ALT_STAT_NAME) |
  ((<u64>1) << HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS) |
  ((<u64>1) << HEADER_X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS) |
  ((<u64>1) << HEADER_X_ENVOY_UPSTREAM_RQ_TIMEOUT_ALT_RESPONSE) |
  ((<u64>1) << HEADER_X_ENVOY_EXPECTED_RQ_TIMEOUT_MS) |
  ((<u64>1) << HEADER_X_ENVOY_FORCE_TRACE) |
  ((<u64>1) << HEADER_X_ENVOY_IP_TAGS) |
  ((<u64>1) << HEADER_X_ENVOY_ORIGINAL_URL) |
  ((<u64>1) << HEADER_X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT);
/** What an edge proxy believes nobody outside. */
const EDGE_ONLY: u64 =
  ((<u64>1) << HEADER_X_ENVOY_DECORATOR_OPERATION) |
  ((<u64>1) << HEADER_X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER) |
  ((<u64>1) << HEADER_X_ENVOY_DOWNSTREAM_SERVICE_NODE) |
  ((<u64>1) << HEADER_X_ENVOY_ORIGINAL_HOST) |
  ((<u64>1) << HEADER_X_ENVOY_ORIGINAL_PATH);

/**
 * Rewrites the head of a request. `params`: a ForwardParams; `peer`: handle of the connection's record; `internalOnly`: names that a
 * RouteConfiguration declares internal ({count, then address and length of each}), or 0.
 * OK, HEADER_NO_ROOM or HEADER_CONNECTION_REFUSED. The result words hold FORWARDED_...; word 0, the block, in any case.
 */
export function forwardRequest(block: u32, params: u32, peer: u32, internalOnly: u32): u32 {
  draftBegin(block);
  const code = rewrite(changetype<ForwardParams>(<usize>params), peerAt(peer), internalOnly);
  store<u32>(RESULT, draft);
  return code;
}

function rewrite(params: ForwardParams, peer: ForwardPeer, internalOnly: u32): u32 {
  if (!joinRepeated(JOINED_REQUEST_LOW, JOINED_REQUEST_HIGH)) return HEADER_NO_ROOM;
  dropH2c(draft);
  let facts: u32 = 0;
  let drop = HOP_BY_HOP;
  if (isUpgrade(draft)) {
    facts |= FORWARDED_UPGRADE;
  } else {
    const code = removeNominated(draft);
    if (code != OK) return code;
    drop |= NEGOTIATION;
  }
  sanitizeTe(draft);
  if (hasBadReferer(draft)) drop |= (<u64>1) << HEADER_REFERER;

  const useRemote = (params.flags & FORWARD_USE_REMOTE_ADDRESS) != 0;
  const hasForwardedFor = headerHasId(draft, HEADER_X_FORWARDED_FOR);
  let family: u32 = 0;
  if (!useRemote) family = readForwardedFor(draft, params.trustedHops);
  else if (params.trustedHops > 0) family = readForwardedFor(draft, params.trustedHops - 1);
  // Envoy's rule: there must be one address alone, the peer's own or the only entry; without a header an inner proxy believes nobody.
  const alone = useRemote ? !hasForwardedFor : isOnlyEntry && family != 0;
  const fromHeader = family != 0;
  if (fromHeader) facts |= FORWARDED_FROM_HEADER;
  if (alone && (fromHeader || useRemote)) {
    const address: usize = fromHeader ? <usize>CLIENT_ADDRESS : peerAddress(peer);
    if (isInternal(params, fromHeader ? family : peer.family, address)) facts |= FORWARDED_INTERNAL;
  }
  const client = fromHeader ? CLIENT_TEXT : <u32>peerText(peer);
  const clientLength = fromHeader ? clientTextLength : peer.textLength;
  if (useRemote && (facts & FORWARDED_INTERNAL) == 0) facts |= FORWARDED_EDGE;
  store<u32>(RESULT, facts, FORWARDED_FACTS * 4);
  store<u32>(RESULT, client, FORWARDED_CLIENT * 4);
  store<u32>(RESULT, clientLength, FORWARDED_CLIENT_LENGTH * 4);

  if ((facts & FORWARDED_INTERNAL) == 0) {
    drop |= INTERNAL_ONLY;
    if ((facts & FORWARDED_EDGE) != 0) drop |= EDGE_ONLY;
    if (internalOnly != 0) removeNamed(internalOnly);
  }
  if (dropsClientCert(params, peer)) drop |= (<u64>1) << HEADER_X_FORWARDED_CLIENT_CERT;
  headerRemoveIds(draft, drop, 0);

  const room =
    addForwarded(params, peer, useRemote) &&
    addScheme(params, peer) &&
    addIdentity(params, facts) &&
    addClient(facts, client, clientLength) &&
    addRequestId(params, facts) &&
    addClientCert(params, peer);
  return room ? OK : HEADER_NO_ROOM;
}

/** x-forwarded-for, -proto, -port. */
function addForwarded(params: ForwardParams, peer: ForwardPeer, useRemote: bool): bool {
  const trusted = useRemote && params.trustedHops > 0;
  if (useRemote && (params.flags & FORWARD_SKIP_XFF_APPEND) == 0 && peer.textLength > 0) {
    // A loopback peer is ourselves (or stands for us): the next hop must see an address that means something to it.
    const ours = isLoopbackPeer(peer) && params.localAddressLength > 0;
    const text = ours ? <usize>params.localAddress : peerText(peer);
    const length = ours ? params.localAddressLength : peer.textLength;
    if (!draftAppend(HEADER_X_FORWARDED_FOR, text, length, 1)) return false;
  }
  const keeps = trusted || !useRemote;
  if ((!keeps || !headerHasId(draft, HEADER_X_FORWARDED_PROTO)) && !setProto(peer)) return false;
  if ((params.flags & FORWARD_APPEND_X_FORWARDED_PORT) == 0 || peer.localPort == 0) return true;
  if (keeps && headerHasId(draft, HEADER_X_FORWARDED_PORT)) return true;
  return draftSet(HEADER_X_FORWARDED_PORT, FORWARD_TEXT, writeDecimal(FORWARD_TEXT, peer.localPort));
}

function setProto(peer: ForwardPeer): bool {
  if ((peer.flags & PEER_HTTPS) != 0) return draftSet(HEADER_X_FORWARDED_PROTO, TEXT_HTTPS, 5);
  return draftSet(HEADER_X_FORWARDED_PROTO, TEXT_HTTP, 4);
}

/** :scheme: what the config says, what came, what x-forwarded-proto says if that is a scheme, what the connection is. */
function addScheme(params: ForwardParams, peer: ForwardPeer): bool {
  if (params.schemeLength > 0) {
    return (
      draftSet(HEADER_SCHEME, params.scheme, params.schemeLength) &&
      draftSet(HEADER_X_FORWARDED_PROTO, params.scheme, params.schemeLength)
    );
  }
  const given = headerFindId(draft, HEADER_SCHEME);
  if (given >= 0 && (fieldAt(draft, given).flags & FIELD_DERIVED) == 0) return true;
  const field = fieldAt(draft, headerFindId(draft, HEADER_X_FORWARDED_PROTO));
  const value = fieldValue(draft, field);
  if (field.valueLength == 5 && equalBytes(value, TEXT_HTTPS, 5)) return draftSet(HEADER_SCHEME, TEXT_HTTPS, 5);
  if (field.valueLength == 4 && equalBytes(value, TEXT_HTTP, 4)) return draftSet(HEADER_SCHEME, TEXT_HTTP, 4);
  if ((peer.flags & PEER_HTTPS) != 0) return draftSet(HEADER_SCHEME, TEXT_HTTPS, 5);
  return draftSet(HEADER_SCHEME, TEXT_HTTP, 4);
}

/** x-envoy-internal, who we are to the next hop, via. */
function addIdentity(params: ForwardParams, facts: u32): bool {
  if ((facts & FORWARDED_INTERNAL) != 0 && !draftAdd(HEADER_X_ENVOY_INTERNAL, TEXT_TRUE, 4)) return false;
  if ((params.flags & FORWARD_ADD_USER_AGENT) != 0) {
    const name = params.userAgent;
    const length = params.userAgentLength;
    if (!draftSet(HEADER_X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER, name, length)) return false;
    const at = headerFindId(draft, HEADER_USER_AGENT);
    const silent = at < 0 || fieldAt(draft, at).valueLength == 0;
    if (silent && !draftSet(HEADER_USER_AGENT, name, length)) return false;
    if (params.nodeLength > 0) {
      if (!draftSet(HEADER_X_ENVOY_DOWNSTREAM_SERVICE_NODE, params.node, params.nodeLength)) return false;
    }
  }
  return params.viaLength == 0 || draftAppend(HEADER_VIA, params.via, params.viaLength, 2);
}

/** x-envoy-external-address: we are the first that the outside meets. */
function addClient(facts: u32, client: u32, clientLength: u32): bool {
  if ((facts & FORWARDED_EDGE) == 0 || clientLength == 0) return true;
  return draftSet(HEADER_X_ENVOY_EXTERNAL_ADDRESS, client, clientLength);
}

function addRequestId(params: ForwardParams, facts: u32): bool {
  if ((params.flags & FORWARD_GENERATE_REQUEST_ID) == 0) return true;
  const replaces = (facts & FORWARDED_EDGE) != 0 && (params.flags & FORWARD_PRESERVE_EXTERNAL_REQUEST_ID) == 0;
  if (!replaces && headerHasId(draft, HEADER_X_REQUEST_ID)) return true;
  writeUuid(FORWARD_TEXT);
  return draftSet(HEADER_X_REQUEST_ID, FORWARD_TEXT, UUID_BYTES);
}

function dropsClientCert(params: ForwardParams, peer: ForwardPeer): bool {
  if (params.clientCert == CLIENT_CERT_ALWAYS_FORWARD_ONLY) return false;
  return params.clientCert == CLIENT_CERT_SANITIZE || (peer.flags & PEER_CLIENT_CERT) == 0;
}

function addClientCert(params: ForwardParams, peer: ForwardPeer): bool {
  if ((peer.flags & PEER_CLIENT_CERT) == 0) return true;
  if (params.clientCert == CLIENT_CERT_APPEND_FORWARD) {
    return draftAppend(HEADER_X_FORWARDED_CLIENT_CERT, peer.certDetails, peer.certDetailsLength, 1);
  }
  if (params.clientCert == CLIENT_CERT_SANITIZE_SET) {
    return draftSet(HEADER_X_FORWARDED_CLIENT_CERT, peer.certDetails, peer.certDetailsLength);
  }
  return true;
}

/** Removes the fields that a list of {address, length} names. */
function removeNamed(list: u32): void {
  const count = load<u32>(list);
  for (let i: u32 = 0; i < count; i++) {
    const entry: usize = list + 4 + i * 8;
    headerRemove(draft, load<u32>(entry), load<u32>(entry, 4));
  }
}
