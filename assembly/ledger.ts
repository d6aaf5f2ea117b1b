// The ABI of ledger.wasm: what all threads of the process share. Its one memory is shared and imported; every address is
// given by the host (host/wasm/ledger.ts), nothing is allocated and there is no static data, since every instantiation
// would write that anew over the others' state.

/** Version of the ABI between the ledger and its users. */
export const LEDGER_ABI_VERSION: u32 = 2;

export {
  acquire,
  acquireAndEnter,
  CELL_BYTES,
  CELL_LIMIT,
  CELLS_MAX,
  enter,
  giveBack,
  HELD_BYTES,
  isOpen,
  release,
  releaseBoth,
  used,
} from "./admission/circuit_breaker";
export {
  HISTOGRAM_BINS,
  HISTOGRAM_COUNT,
  HISTOGRAM_DECADE_BINS,
  HISTOGRAM_DECADES,
  HISTOGRAM_SLOTS,
  histogramBin,
  record,
} from "./stats/histogram";
