/** The sockets on which every end-to-end test runs. */
export const NETS = ["raw", "portable"] as const;
