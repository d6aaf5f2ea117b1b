/** Pages of one fact each. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, json, text } from "../request.ts";

export const contention: AdminRoute<AdminContext> = {
  path: "/contention",
  help: "dump current Envoy mutex contention stats (if enabled)",
  changes: false,
  // There is no mutex to contend for, so there is nothing that tracing could show.
  handle: () => text("Mutex contention tracing is not enabled. To enable, run Envoy with flag --enable-mutex-tracing."),
};

export const hotRestartVersion: AdminRoute<AdminContext> = {
  path: "/hot_restart_version",
  help: "print the hot restart compatibility version",
  changes: false,
  handle: (context) => text(context.info().hotRestartVersion),
};

export const initDump: AdminRoute<AdminContext> = {
  path: "/init_dump",
  help: "dump current Envoy init manager information (experimental)",
  changes: false,
  params: [
    {
      name: "mask",
      help: "The desired component to dump unready targets. The mask is parsed as a Protobuf::FieldMask. For example, get the unready targets of all listeners with /init_dump?mask=listener`",
    },
  ],
  handle(context) {
    const groups = context.unready();
    if (groups.length === 0) return json({});
    return json({ unready_targets_dumps: groups.map(({ name, targets }) => ({ name, target_names: targets })) });
  },
};
