/** Which sockets: raw handles where this Node has the ones we know, else the portable ones. */

import { PortableNet } from "./portable/portable_net.ts";
import { loadHandles } from "./raw/handles.ts";
import { RawNet } from "./raw/raw_net.ts";
import type { RawSocket } from "./raw/raw_socket.ts";
import type { Net, NetOptions } from "./socket.ts";

/** What the operator asked for: `auto` takes raw handles if they are there. */
export type NetChoice = "auto" | "raw" | "portable";

export interface ChosenNet {
  readonly net: Net;
  /** Why the portable sockets were taken although nobody asked for them; else "". For one line in the log. */
  readonly fallbackReason: string;
}

/** @throws Error when `raw` was asked for and this Node has no such handles. */
export function chooseNet(choice: NetChoice, options: NetOptions): ChosenNet {
  if (choice === "portable") return { net: new PortableNet(options), fallbackReason: "" };
  const handles = loadHandles<RawSocket>();
  if (typeof handles !== "string") return { net: new RawNet(handles, options), fallbackReason: "" };
  if (choice === "raw") throw new Error(`raw sockets are not to be had: ${handles}`);
  return { net: new PortableNet(options), fallbackReason: handles };
}

/** The first version of each line of Node whose `node:net` can bind one address from several threads. */
const REUSE_PORT_SINCE = [
  { major: 22, minor: 12 },
  { major: 23, minor: 1 },
];

/**
 * Why several workers cannot listen on one address with the sockets that this choice leads to; empty: they can. Asked before
 * anything is bound: a Node without `reusePort` takes the option and ignores it, and the second worker finds the address in use.
 */
export function reusePortGap(choice: NetChoice, nodeVersion: string = process.versions.node): string {
  const handles = choice === "portable" ? "portable sockets were asked for" : loadHandles<RawSocket>();
  // Handles that are known know the flag.
  if (typeof handles !== "string") return "";
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const line = REUSE_PORT_SINCE.find((since) => since.major === major);
  const isKnown = line === undefined ? major > 23 : minor >= line.minor;
  return isKnown
    ? ""
    : `Node ${nodeVersion} has no \`reusePort\` in node:net, and raw sockets are not to be had: ${handles}`;
}
