import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeBootstrap } from "./bootstrap.ts";
import type { Peer } from "./peer.ts";

/** This checkout, or another build of Nuncio that NUNCIO_BIN names (the one-file binary, an older commit). */
const program = process.env["NUNCIO_BIN"] ?? join(import.meta.dirname, "../../bin/nuncio");

export const nuncio: Peer = {
  name: "nuncio",
  http: true,
  tcp: true,
  find: () => (existsSync(program) ? program : undefined),
  prepare(command, site) {
    return { command, arguments: ["-c", writeBootstrap(site), "--concurrency", "1", "-l", "warning"] };
  },
};
