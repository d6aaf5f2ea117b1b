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

/** The same over the portable sockets: Node makes a buffer of 64 KiB for each read, and the collector takes its time. */
export const nuncioPortable: Peer = {
  ...nuncio,
  name: "nuncio_portable",
  garbageMib: 96,
  prepare(command, site) {
    const launch = nuncio.prepare(command, site);
    return { ...launch, arguments: [...launch.arguments, "--net", "portable"] };
  },
};
