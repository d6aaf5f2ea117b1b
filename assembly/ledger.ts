// The ABI of ledger.wasm.

/** Version of the ABI between the ledger and its users. */
export const LEDGER_ABI_VERSION: u32 = 1;
