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
