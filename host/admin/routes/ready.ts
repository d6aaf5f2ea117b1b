/** /ready: the state, 200 when LIVE, else 503. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, text } from "../request.ts";

export const ready: AdminRoute<AdminContext> = {
  path: "/ready",
  help: "print server state, return 200 if LIVE, otherwise return 503",
  changes: false,
  handle(context) {
    const state = context.state();
    return text(`${state}\n`, state === "LIVE" ? 200 : 503);
  },
};
