// Rewrites of a request's target that need no JavaScript: another prefix of the path, another authority. What was there before is kept in
// x-envoy-original-path and x-envoy-original-host where the host asks for it.

import { JOIN_BYTES, JOIN_START } from "../abi/limits";
import { fieldAt, fieldValue } from "../header/block";
import { headerAddId, headerAppendAt, headerSetId } from "../header/mutate";
import {
  HEADER_AUTHORITY,
  HEADER_PATH,
  HEADER_X_ENVOY_ORIGINAL_HOST,
  HEADER_X_ENVOY_ORIGINAL_PATH,
  HEADER_X_FORWARDED_HOST,
} from "../header/names";
import { headerFindId } from "../header/read";
import { RESULT } from "../memory/arena";
import { endOfPath } from "./path";
import { textEquals } from "./text";

/** Keep what was there in x-envoy-original-path or x-envoy-original-host. */
export const REWRITE_KEEP_ORIGINAL: u32 = 1;
/** Append the old authority to x-forwarded-host, unless it is the last one there. */
export const REWRITE_FORWARDED_HOST: u32 = 2;

/** The whole path up to the query, for `matched`. */
export const REWRITE_WHOLE_PATH: u32 = 0xffffffff;

/**
 * Replaces the first `matched` bytes of the path. Returns the handle that holds from now on; result word 0 is 1, or 0 when there was no room for all of it.
 */
export function rewritePath(block: u32, matched: u32, text: usize, length: u32, flags: u32): u32 {
  const found = headerFindId(block, HEADER_PATH);
  if (found < 0) return done(block, block);
  const field = fieldAt(block, found);
  const old = field.valueLength;
  const cut = matched == REWRITE_WHOLE_PATH ? endOfPath(fieldValue(block, field), old, false) : min(matched, old);
  // The old path and the new one side by side, outside of any block.
  assert(old + length + old <= JOIN_BYTES);
  memory.copy(JOIN_START, fieldValue(block, field), old);
  const fresh = JOIN_START + old;
  memory.copy(fresh, text, length);
  memory.copy(fresh + length, JOIN_START + cut, old - cut);
  let held = block;
  if ((flags & REWRITE_KEEP_ORIGINAL) != 0) {
    held = headerSetId(block, HEADER_X_ENVOY_ORIGINAL_PATH, JOIN_START, old);
    if (held == 0) return done(block, 0);
  }
  return done(held, headerSetId(held, HEADER_PATH, fresh, length + old - cut));
}

/** Replaces the authority. Returns as `rewritePath` does. */
export function rewriteAuthority(block: u32, text: usize, length: u32, flags: u32): u32 {
  const found = headerFindId(block, HEADER_AUTHORITY);
  if (found < 0) return done(block, headerAddId(block, HEADER_AUTHORITY, text, length));
  const field = fieldAt(block, found);
  const old = field.valueLength;
  assert(old <= JOIN_BYTES);
  memory.copy(JOIN_START, fieldValue(block, field), old);
  let held = block;
  if ((flags & REWRITE_KEEP_ORIGINAL) != 0) {
    const kept = headerSetId(held, HEADER_X_ENVOY_ORIGINAL_HOST, JOIN_START, old);
    if (kept == 0) return done(held, 0);
    held = kept;
  }
  if ((flags & REWRITE_FORWARDED_HOST) != 0 && old != 0) {
    const forwarded = appendForwardedHost(held, old);
    if (forwarded == 0) return done(held, 0);
    held = forwarded;
  }
  return done(held, headerSetId(held, HEADER_AUTHORITY, text, length));
}

/** Leaves in result word 0 whether the last step had room (`moved` is not 0), and gives the handle that holds. */
function done(held: u32, moved: u32): u32 {
  store<u32>(RESULT, <u32>(moved != 0));
  return moved != 0 ? moved : held;
}

/** Appends the old authority (in the join area) to x-forwarded-host. */
function appendForwardedHost(block: u32, length: u32): u32 {
  const found = headerFindId(block, HEADER_X_FORWARDED_HOST);
  if (found < 0) return headerAddId(block, HEADER_X_FORWARDED_HOST, JOIN_START, length);
  const field = fieldAt(block, found);
  const value = fieldValue(block, field);
  let start = field.valueLength;
  while (start > 0 && load<u8>(value + start - 1) != 0x2c) start--;
  if (field.valueLength - start == length && textEquals(value + start, JOIN_START, length, false)) return block;
  store<u8>(JOIN_START + length, 0x2c);
  return headerAppendAt(block, found, JOIN_START + length, 1, JOIN_START, length);
}
