import { findProgram } from "../machine/find.ts";
import { writeBootstrap } from "./bootstrap.ts";
import type { Peer } from "./peer.ts";

export const envoy: Peer = {
  name: "envoy",
  http: true,
  tcp: true,
  find: () => process.env["ENVOY_BIN"] ?? findProgram("envoy"),
  prepare(program, site) {
    const file = writeBootstrap(site);
    return {
      command: program,
      arguments: ["-c", file, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"],
    };
  },
};
