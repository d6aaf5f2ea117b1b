// Fields that are one field, however often they are sent: Envoy joins their values as they come in, so everybody behind sees one.

import { blockAt, fieldAt } from "./block";
import { draft, draftJoin } from "./draft";
import {
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_CONTENT_TYPE,
  HEADER_DATE,
  HEADER_EXPECT,
  HEADER_GRPC_MESSAGE,
  HEADER_GRPC_STATUS,
  HEADER_GRPC_TIMEOUT,
  HEADER_KEEP_ALIVE,
  HEADER_LOCATION,
  HEADER_PROXY_CONNECTION,
  HEADER_PROXY_STATUS,
  HEADER_SERVER,
  HEADER_TE,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
  HEADER_USER_AGENT,
  HEADER_VIA,
  HEADER_X_CLIENT_TRACE_ID,
  HEADER_X_ENVOY_ATTEMPT_COUNT,
  HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS,
  HEADER_X_FORWARDED_CLIENT_CERT,
  HEADER_X_FORWARDED_FOR,
  HEADER_X_FORWARDED_HOST,
  HEADER_X_FORWARDED_PORT,
  HEADER_X_FORWARDED_PROTO,
  HEADER_X_REQUEST_ID,
} from "./names";
import { headerFindId } from "./read";

// Ids below 64: x-envoy-* are a range of their own, 30 to 63.
const X_ENVOY: u64 =
  (((<u64>2) << HEADER_X_ENVOY_UPSTREAM_STREAM_DURATION_MS) - 1) & ~(((<u64>1) << HEADER_X_ENVOY_ATTEMPT_COUNT) - 1);
const BOTH_LOW: u64 =
  ((<u64>1) << HEADER_CONNECTION) |
  ((<u64>1) << HEADER_CONTENT_LENGTH) |
  ((<u64>1) << HEADER_CONTENT_TYPE) |
  ((<u64>1) << HEADER_KEEP_ALIVE) |
  ((<u64>1) << HEADER_PROXY_CONNECTION) |
  ((<u64>1) << HEADER_X_REQUEST_ID) |
  ((<u64>1) << HEADER_TRANSFER_ENCODING) |
  ((<u64>1) << HEADER_UPGRADE) |
  ((<u64>1) << HEADER_VIA) |
  X_ENVOY;
const BOTH_HIGH: u64 = (<u64>1) << (HEADER_PROXY_STATUS - 64);

export const JOINED_REQUEST_LOW: u64 =
  BOTH_LOW |
  ((<u64>1) << HEADER_X_CLIENT_TRACE_ID) |
  ((<u64>1) << HEADER_EXPECT) |
  ((<u64>1) << HEADER_X_FORWARDED_CLIENT_CERT) |
  ((<u64>1) << HEADER_X_FORWARDED_FOR) |
  ((<u64>1) << HEADER_X_FORWARDED_HOST) |
  ((<u64>1) << HEADER_X_FORWARDED_PROTO) |
  ((<u64>1) << HEADER_X_FORWARDED_PORT) |
  ((<u64>1) << HEADER_TE) |
  ((<u64>1) << HEADER_USER_AGENT);
export const JOINED_REQUEST_HIGH: u64 = BOTH_HIGH | ((<u64>1) << (HEADER_GRPC_TIMEOUT - 64));

export const JOINED_RESPONSE_LOW: u64 = BOTH_LOW | ((<u64>1) << HEADER_DATE) | ((<u64>1) << HEADER_SERVER);
export const JOINED_RESPONSE_HIGH: u64 =
  BOTH_HIGH |
  ((<u64>1) << (HEADER_GRPC_MESSAGE - 64)) |
  ((<u64>1) << (HEADER_GRPC_STATUS - 64)) |
  ((<u64>1) << (HEADER_LOCATION - 64));

/** Joins, in the draft, the values of each known name in the two words of bits that occurs more than once. False: no room. */
export function joinRepeated(low: u64, high: u64): bool {
  let seenLow: u64 = 0;
  let seenHigh: u64 = 0;
  let i: u32 = 0;
  while (i < blockAt(draft).fieldCount) {
    const id: u32 = fieldAt(draft, i).id;
    const bit = (<u64>1) << (id & 63);
    const seen = ((id < 64 ? seenLow : seenHigh) & bit) != 0;
    if (id < 64) seenLow |= bit & low;
    else seenHigh |= bit & high;
    if (!seen || id == 0) i++;
    else if (!draftJoin(headerFindId(draft, id), i)) return false;
  }
  return true;
}
