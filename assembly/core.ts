// The ABI of core.wasm: every function and constant that the host may use, room by room. Nothing else happens here.

import { MEMORY_BYTES, STATIC_BYTES } from "./abi/limits";
import { randomInit } from "./bytes/random";
import { blocksInit } from "./header/block";
import { namesInit } from "./header/names";
import { checkControl } from "./memory/arena";

export * from "./abi/event";
export * from "./abi/limits";
export * from "./abi/result";
export { EDF_ENTRY_BYTES } from "./balance/edf";
export {
  BALANCER_BYTES,
  BALANCER_CELLS,
  BALANCER_CHOICE_COUNT,
  BALANCER_POLICY,
  BALANCER_PRIORITIES,
  BALANCER_PRIORITY_COUNT,
  BALANCER_WEIGHTS,
  POLICY_LEAST_REQUEST,
  POLICY_LEAST_REQUEST_FULL_SCAN,
  POLICY_RANDOM,
  POLICY_ROUND_ROBIN,
  PRIORITY_BYTES,
  PRIORITY_DEGRADED_LOAD,
  PRIORITY_HEALTHY_LOAD,
  PRIORITY_PANIC,
  PRIORITY_SOURCES,
  SOURCE_ALL,
  SOURCE_BYTES,
  SOURCE_COUNT,
  SOURCE_DEGRADED,
  SOURCE_HEALTHY,
  SOURCE_HEAP,
  SOURCE_HOSTS,
} from "./balance/hosts";
export { balancerPick, balancerPrepare, PICK_NONE, PICK_PANIC } from "./balance/pick";
export { equalIgnoringCase, hasUpper, lowerInPlace } from "./bytes/ascii";
export { copyBytes, equalBytes } from "./bytes/copy";
export { parseDecimal, writeDecimal, writeHex } from "./bytes/digits";
export { random32, random64, randomBelow } from "./bytes/random";
export {
  findByteScalar,
  findByteVector,
  findNonTargetScalar,
  findNonTargetVector,
  findNonTokenScalar,
  findNonTokenVector,
  findNonValueScalar,
  findNonValueVector,
} from "./bytes/scan";
export {
  BLOCK_FIELD_COUNT,
  BLOCK_FLAGS,
  BLOCK_METHOD,
  BLOCK_STATUS,
  blockClone,
  blockFree,
  blockNew,
  blocksLive,
} from "./header/block";
export * from "./header/method";
export {
  headerAdd,
  headerAddId,
  headerAppendAt,
  headerRemove,
  headerRemoveAt,
  headerRemoveId,
  headerRemovePrefix,
  headerSet,
  headerSetId,
  headerSetValueAt,
} from "./header/mutate";
export * from "./header/names";
export {
  headerAt,
  headerCount,
  headerFind,
  headerFindId,
  headerFindIdNext,
  headerFindNext,
  headerHasId,
  headerJoin,
  headerJoinId,
} from "./header/read";
export { domainHash } from "./route/domains";
export { headersMatch } from "./route/header_match";
export { routeMatch, routeVerdict, routeVirtualHost } from "./route/match";
export * from "./route/mutations";
export * from "./route/program";
export { regexMatch } from "./route/regex";
export { DATE_BYTES, DATE_TEXT, RESULT, RESULT_WORDS } from "./memory/arena";

/** Version of the ABI between the core and the host; the host refuses a module of another version. */
export const ABI_VERSION: u32 = 1;

/** Prepares the memory. Once, before any other call, with a memory of at least MEMORY_BYTES. */
export function init(seedLow: u32, seedHigh: u32): void {
  assert(__heap_base <= STATIC_BYTES);
  assert(memory.size() >= <i32>(MEMORY_BYTES >> 16));
  checkControl();
  randomInit(seedLow, seedHigh);
  namesInit();
  blocksInit();
}
