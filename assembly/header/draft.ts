// The head that a rule is rewriting. A rule makes many changes, each of which may move the block or find no room; the current handle is kept here, so
// that it is never lost on the way. One head at a time.

import { fieldAt, fieldNameLength, fieldValue } from "./block";
import { headerAddId, headerAppendAt, headerRemoveAt, headerSetId, LINE_EXTRA, makeRoom } from "./mutate";
import { headerFindId } from "./read";
import { TEXT_COMMA_SPACE } from "./values";

/** The block as it is now. */
export let draft: u32 = 0;

/** Starts with a block. */
export function draftBegin(block: u32): void {
  draft = block;
}

/** Leaves exactly one field of a known name. False: no room. */
export function draftSet(id: u32, value: usize, length: u32): bool {
  return moved(headerSetId(draft, id, value, length));
}

/** Adds a field of a known name at the end. False: no room. */
export function draftAdd(id: u32, value: usize, length: u32): bool {
  return moved(headerAddId(draft, id, value, length));
}

/** Adds a value to a list that is one field: behind "," (or ", "), or as a new field; an empty value adds nothing to one. False: no room. */
export function draftAppend(id: u32, value: usize, length: u32, separatorLength: u32): bool {
  const at = headerFindId(draft, id);
  if (at < 0) return draftAdd(id, value, length);
  if (length == 0) return true;
  const separator = fieldAt(draft, at).valueLength == 0 ? 0 : separatorLength;
  return moved(headerAppendAt(draft, at, TEXT_COMMA_SPACE, separator, value, length));
}

/** Appends the value of field `from` to that of field `to` < from with ",", and removes it. False: no room. */
export function draftJoin(to: u32, from: u32): bool {
  const length = fieldAt(draft, from).valueLength;
  if (length > 0) {
    const field = fieldAt(draft, to);
    const separator: u32 = field.valueLength == 0 ? 0 : 1;
    // Room first: what is appended lies in this block, and must not move between being pointed at and being copied.
    const whole = fieldNameLength(field) + field.valueLength + separator + length + LINE_EXTRA;
    if (!moved(makeRoom(draft, whole, 0))) return false;
    const value = fieldValue(draft, fieldAt(draft, from));
    if (!moved(headerAppendAt(draft, to, TEXT_COMMA_SPACE, separator, value, length))) return false;
  }
  headerRemoveAt(draft, from);
  return true;
}

function moved(block: u32): bool {
  if (block == 0) return false;
  draft = block;
  return true;
}
