import { join } from "node:path";
import type { Program } from "../load/native.ts";
import type { Peer } from "./peer.ts";

/** The C forwarder: no proxy at all, but the least that one can cost. It sees bytes and no HTTP. */
export function floorPeer(forward: Program | undefined): Peer {
  return {
    name: "floor",
    http: false,
    tcp: true,
    find: () => forward?.command,
    prepare: (program, site) => ({ command: program, arguments: [String(site.tcpPort), String(site.upstreams[0])] }),
  };
}

/** Nuncio's sockets without Nuncio: what lies between the floor and tcp_proxy. */
export const socketsPeer: Peer = {
  name: "sockets",
  http: false,
  tcp: true,
  find: () => process.execPath,
  prepare: (program, site) => ({
    command: program,
    arguments: [join(import.meta.dirname, "../path/forward.ts"), String(site.tcpPort), String(site.upstreams[0])],
  }),
};
