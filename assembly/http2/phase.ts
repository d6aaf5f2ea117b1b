// What the parts of the reader share: the ways from one frame to the next (connection.ts draws the phases).
import { OK } from "../abi/result";
import { Http2Connection, PHASE_DEAD, PHASE_FRAME_HEAD, PHASE_PREFIX, PHASE_SKIP } from "./connection";
import { fail } from "./ending";

export function want(it: Http2Connection, bytes: u32): u32 {
  it.wanted = <u8>bytes;
  it.phase = <u8>PHASE_PREFIX;
  return OK;
}

export function skip(it: Http2Connection): u32 {
  if (it.phase == PHASE_DEAD) return OK;
  it.phase = <u8>PHASE_SKIP;
  return it.frameLeft == 0 ? endFrame(it) : OK;
}

export function endFrame(it: Http2Connection): u32 {
  if (it.phase != PHASE_DEAD) it.phase = <u8>PHASE_FRAME_HEAD;
  return OK;
}

/** Whether nobody has opened this stream, nor one behind it. Streams of a server's own are never opened. */
export function isIdle(it: Http2Connection, stream: u32): bool {
  return (stream & 1) == 0 || stream > it.lastStream;
}

/** What the parts of the reader return: a result code of the connection, which ends with it. Errors of one stream are settled where they are found. */
export function judge(it: Http2Connection, fault: u32): void {
  if (fault != OK) fail(it, fault);
}
