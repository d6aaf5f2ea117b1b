// What ends at this hop, RFC 9110 7.6.1: Connection and the fields that it names, TE, Upgrade. In Envoy's reading:
//
// - a request that asks for an upgrade keeps `connection` and `upgrade` as they are, since the upstream decides about it;
// - `h2c` is no upgrade that we know: it is forgotten, with its settings (RFC 9113 3.1 has dropped it too);
// - who names x-forwarded-* or a pseudo field in Connection wants to hide where the request comes from, and is refused;
// - of TE only `trailers` goes on.

import { SCRATCH_START } from "../abi/limits";
import { HEADER_CONNECTION_REFUSED, OK } from "../abi/result";
import { equalIgnoringCase, lowerInPlace } from "../bytes/ascii";
import { copyBytes } from "../bytes/copy";
import { fieldAt, fieldValue } from "./block";
import { listFirst, listHas, listNext, memberLength, memberStart } from "./comma_list";
import { headerRemove, headerRemoveId, headerSetValueAt } from "./mutate";
import {
  HEADER_CONNECTION,
  HEADER_HTTP2_SETTINGS,
  HEADER_KEEP_ALIVE,
  HEADER_TE,
  HEADER_UPGRADE,
  HEADER_X_FORWARDED_FOR,
  HEADER_X_FORWARDED_HOST,
  HEADER_X_FORWARDED_PROTO,
  nameId,
} from "./names";
import { headerFindId, headerHasId } from "./read";
import { TEXT_CLOSE, TEXT_H2C, TEXT_TRAILERS, TEXT_UPGRADE } from "./values";

/** Members of Connection that a request may have; with one more it is refused. */
export const CONNECTION_MEMBERS_MAX: u32 = 9;
/** Bytes of a TE value that Connection names; a longer one is refused. */
export const TE_BYTES_MAX: u32 = 255;
/** A member of Connection that is longer than this names no field that anybody sends. */
const MEMBER_BYTES_MAX: u32 = 256;

/** Whether the head asks for (or grants) an upgrade: `connection: upgrade` and an `upgrade` field. */
export function isUpgrade(block: u32): bool {
  if (!headerHasId(block, HEADER_UPGRADE)) return false;
  const at = headerFindId(block, HEADER_CONNECTION);
  if (at < 0) return false;
  const field = fieldAt(block, at);
  return listHas(fieldValue(block, field), field.valueLength, TEXT_UPGRADE, 7);
}

/** Forgets an upgrade to h2c. The block only shrinks, so it stays where it is. */
export function dropH2c(block: u32): void {
  const at = headerFindId(block, HEADER_UPGRADE);
  if (at < 0) return;
  const field = fieldAt(block, at);
  if (field.valueLength != 3 || !equalIgnoringCase(fieldValue(block, field), TEXT_H2C, 3)) return;
  headerRemoveId(block, HEADER_UPGRADE);
  headerRemoveId(block, HEADER_HTTP2_SETTINGS);
}

/**
 * Removes the fields that Connection names. OK, or HEADER_CONNECTION_REFUSED. Fields only go away, so the block stays where it is;
 * Connection itself is the caller's to remove.
 */
export function removeNominated(block: u32): u32 {
  const at = headerFindId(block, HEADER_CONNECTION);
  if (at < 0) return OK;
  const field = fieldAt(block, at);
  const from = fieldValue(block, field);
  const end = from + field.valueLength;
  let members: u32 = 0;
  for (let found = listFirst(from, end); found; found = listNext(end)) {
    if (++members > CONNECTION_MEMBERS_MAX) return HEADER_CONNECTION_REFUSED;
  }
  // Removing moves the table and not the text, so the list can be walked meanwhile.
  for (let found = listFirst(from, end); found; found = listNext(end)) {
    if (load<u8>(memberStart) == 0x3a) return HEADER_CONNECTION_REFUSED;
    if (memberLength > MEMBER_BYTES_MAX) continue;
    if (!removeMember(block, memberStart, memberLength)) return HEADER_CONNECTION_REFUSED;
  }
  return OK;
}

/** Leaves `te: trailers` where trailers are among the values, else no TE. The block stays where it is. */
export function sanitizeTe(block: u32): void {
  const at = headerFindId(block, HEADER_TE);
  if (at < 0) return;
  const field = fieldAt(block, at);
  const value = fieldValue(block, field);
  if (!listHas(value, field.valueLength, TEXT_TRAILERS, 8)) headerRemoveId(block, HEADER_TE);
  else if (field.valueLength != 8) headerSetValueAt(block, at, TEXT_TRAILERS, 8);
}

/** Removes what one member names; false: nobody may name that. */
function removeMember(block: u32, member: usize, length: u32): bool {
  if (length == 5 && equalIgnoringCase(member, TEXT_CLOSE, 5)) return true;
  copyBytes(SCRATCH_START, member, length);
  lowerInPlace(SCRATCH_START, length);
  const id = nameId(SCRATCH_START, length);
  if (id == HEADER_CONNECTION || id == HEADER_KEEP_ALIVE || id == HEADER_UPGRADE || id == HEADER_HTTP2_SETTINGS)
    return true;
  if (id == HEADER_X_FORWARDED_FOR || id == HEADER_X_FORWARDED_HOST || id == HEADER_X_FORWARDED_PROTO) return false;
  if (id == HEADER_TE) {
    const at = headerFindId(block, HEADER_TE);
    return at < 0 || fieldAt(block, at).valueLength <= TE_BYTES_MAX;
  }
  headerRemove(block, SCRATCH_START, length);
  return true;
}
