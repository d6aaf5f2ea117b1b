// The ABI of core.wasm.

/** Version of the ABI between the core and the host; the host refuses a module of another version. */
export const ABI_VERSION: u32 = 1;
