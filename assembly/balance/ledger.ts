// What the pickers ask of ledger.wasm. The name of this file is the name of the module that the import asks for.

/** Permits of a cell that are in use over all threads. */
export declare function used(cell: u32): i32;
