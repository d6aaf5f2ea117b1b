// Result codes, in ranges by room. A code names the fault of a peer; our own faults trap.
//
//   0x000  general     0x040  header blocks     0x100  HTTP/1     0x200  HTTP/2     0x300  HPACK     0x400  routes

export const OK: u32 = 0;
export const NEED_MORE: u32 = 1;

/** No room for another field or a longer value: the head is at the limit of the largest block, or all blocks are taken. */
export const HEADER_NO_ROOM: u32 = 0x40;
