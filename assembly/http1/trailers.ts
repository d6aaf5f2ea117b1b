// A whole trailer section becomes a header block (RFC 9112 7.1.2).
//
// Fields that steer framing, routing or the connection mean nothing behind the content (RFC 9110 6.5.1): they are dropped, so that nobody
// further on who merges trailers into the head is misled.

import { H1_TOO_MANY_TRAILERS, OK } from "../abi/result";
import { blockAt, blockText } from "../header/block";
import { headerRemoveId } from "../header/mutate";
import {
  HEADER_CONNECTION,
  HEADER_CONTENT_LENGTH,
  HEADER_KEEP_ALIVE,
  HEADER_PROXY_CONNECTION,
  HEADER_TE,
  HEADER_TRAILER,
  HEADER_TRANSFER_ENCODING,
  HEADER_UPGRADE,
} from "../header/names";
import { Connection } from "./connection";
import { fieldLines, readFields } from "./fields";

/** Reads the raw text of `block` as trailers. A result code. */
export function readTrailers(it: Connection, block: u32): u32 {
  const text = blockText(block);
  const fault = readFields(block, text, text + blockAt(block).textEnd, it.options);
  if (fault != OK) return fault;
  if (fieldLines > it.maxFields) return H1_TOO_MANY_TRAILERS;
  headerRemoveId(block, HEADER_TRANSFER_ENCODING);
  headerRemoveId(block, HEADER_CONTENT_LENGTH);
  headerRemoveId(block, HEADER_CONNECTION);
  headerRemoveId(block, HEADER_KEEP_ALIVE);
  headerRemoveId(block, HEADER_PROXY_CONNECTION);
  headerRemoveId(block, HEADER_TE);
  headerRemoveId(block, HEADER_TRAILER);
  headerRemoveId(block, HEADER_UPGRADE);
  return OK;
}
