// What a connection manager does to a response's head on its way down: Envoy's rules in one call, for upstream's responses and our own replies alike.

import { HEADER_NO_ROOM, OK } from "../abi/result";
import { DATE_BYTES, DATE_TEXT, RESULT } from "../memory/arena";
import { blockAt, fieldAt, fieldValue } from "./block";
import { isUpgrade } from "./connection_options";
import { draft, draftAdd, draftAppend, draftBegin, draftSet } from "./draft";
import {
  FORWARD_ALWAYS_SET_REQUEST_ID_IN_RESPONSE,
  ForwardParams,
  SERVER_HEADER_APPEND_IF_ABSENT,
  SERVER_HEADER_OVERWRITE,
} from "./forward_params";
import { JOINED_RESPONSE_HIGH, JOINED_RESPONSE_LOW, joinRepeated } from "./joined";
import { headerRemoveIds } from "./mutate";
import {
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_DATE,
  HEADER_KEEP_ALIVE,
  HEADER_PROXY_CONNECTION,
  HEADER_SERVER,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  HEADER_VIA,
  HEADER_X_ENVOY_FORCE_TRACE,
  HEADER_X_REQUEST_ID,
} from "./names";
import { headerFindId, headerHasId } from "./read";
import { TEXT_CLOSE, TEXT_ZERO } from "./values";

/** The connection is closed after this response, and says so. */
export const RESPONSE_CLOSE: u32 = 1;
/** 100 to 199 but 101: only what ends at this hop goes away, nothing is added. */
export const RESPONSE_INTERIM: u32 = 2;

const HOP_BY_HOP: u64 =
  ((<u64>1) << HEADER_KEEP_ALIVE) | ((<u64>1) << HEADER_PROXY_CONNECTION) | ((<u64>1) << HEADER_TRANSFER_ENCODING);
const NEGOTIATION: u64 = ((<u64>1) << HEADER_CONNECTION) | ((<u64>1) << HEADER_UPGRADE);

/**
 * Rewrites the head of a response. `params`: a ForwardParams; `request`: the block of its request as forwardRequest left it, or 0; `flags`: RESPONSE_...
 * OK or HEADER_NO_ROOM; result word 0: the block that holds from now on, in any case.
 */
export function forwardResponse(block: u32, params: u32, request: u32, flags: u32): u32 {
  draftBegin(block);
  const room = rewrite(changetype<ForwardParams>(<usize>params), request, flags);
  store<u32>(RESULT, draft);
  return room ? OK : HEADER_NO_ROOM;
}

function rewrite(params: ForwardParams, request: u32, flags: u32): bool {
  if (!joinRepeated(JOINED_RESPONSE_LOW, JOINED_RESPONSE_HIGH)) return false;
  const upgraded = request != 0 && isUpgrade(request) && isUpgrade(draft);
  if (upgraded && !endUpgrade()) return false;
  headerRemoveIds(draft, upgraded ? HOP_BY_HOP : HOP_BY_HOP | NEGOTIATION, 0);
  if ((flags & RESPONSE_INTERIM) != 0) return true;
  return (
    addServer(params) &&
    addDate() &&
    addRequestId(params, request) &&
    (params.viaLength == 0 || draftAppend(HEADER_VIA, params.via, params.viaLength, 2)) &&
    (upgraded || (flags & RESPONSE_CLOSE) == 0 || draftAdd(HEADER_CONNECTION, TEXT_CLOSE, 5))
  );
}

/** An answer to an upgrade that is no 1xx and says nothing of its content has none. */
function endUpgrade(): bool {
  const status = blockAt(draft).status;
  if (status >= 100 && status < 200) return true;
  if (headerHasId(draft, HEADER_TRANSFER_ENCODING) || headerHasId(draft, HEADER_CONTENT_LENGTH)) return true;
  return draftAdd(HEADER_CONTENT_LENGTH, TEXT_ZERO, 1);
}

function addServer(params: ForwardParams): bool {
  const mode = params.serverHeader;
  const absent = !headerHasId(draft, HEADER_SERVER);
  if (mode == SERVER_HEADER_OVERWRITE || (mode == SERVER_HEADER_APPEND_IF_ABSENT && absent)) {
    return draftSet(HEADER_SERVER, params.serverName, params.serverNameLength);
  }
  return true;
}

/** The upstream's date stays (RFC 9110 6.6.1: of the message's origin). */
function addDate(): bool {
  return headerHasId(draft, HEADER_DATE) || draftAdd(HEADER_DATE, DATE_TEXT, DATE_BYTES);
}

function addRequestId(params: ForwardParams, request: u32): bool {
  if (request == 0) return true;
  const asked =
    (params.flags & FORWARD_ALWAYS_SET_REQUEST_ID_IN_RESPONSE) != 0 || headerHasId(request, HEADER_X_ENVOY_FORCE_TRACE);
  if (!asked) return true;
  const at = headerFindId(request, HEADER_X_REQUEST_ID);
  if (at < 0) return true;
  const field = fieldAt(request, at);
  return draftSet(HEADER_X_REQUEST_ID, fieldValue(request, field), field.valueLength);
}
