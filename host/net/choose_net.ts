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
