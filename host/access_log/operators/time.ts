/** Operators over wall-clock time, `%START_TIME(%Y/%m/%d)%`: strftime with Envoy's additions. */

import type { StreamInfo } from "../../stream_info/stream_info.ts";
import { FormatError } from "../format_text.ts";
import { compileStrftime } from "../strftime.ts";
import type { OperatorFamily, OperatorKind } from "./operator.ts";

/** A line break in a time would break a header or a line in two. */
const LINE_BREAK = /%[-_0^#]*[1-9]*[EO]?n/;

function time(read: (info: StreamInfo) => number, local: boolean): OperatorKind {
  return {
    argument: "optional",
    compile(argument, { position }) {
      if (LINE_BREAK.test(argument)) {
        throw new FormatError(position, "invalid header configuration: format string contains newline");
      }
      if (argument !== "") {
        const format = compileStrftime(argument, local);
        return (info) => format(read(info));
      }
      if (local) {
        const format = compileStrftime("%Y-%m-%dT%H:%M:%E3S%z", true);
        return (info) => format(read(info));
      }
      return iso(read);
    },
  };
}

/** `2026-11-24T15:08:30.123Z`; the part up to the second is kept, for lines come in bursts. */
function iso(read: (info: StreamInfo) => number): (info: StreamInfo) => string {
  let second = Number.NaN;
  let prefix = "";
  return (info) => {
    const ms = Math.trunc(read(info));
    const floor = Math.floor(ms / 1000);
    if (floor !== second) {
      second = floor;
      prefix = new Date(floor * 1000).toISOString().slice(0, -4);
    }
    const rest = ms - floor * 1000;
    return `${prefix}${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z`;
  };
}

const started = (info: StreamInfo) => info.startWallMs;
/** Now, by the start on the wall and the time since on the monotonic clock. */
const emitted = (info: StreamInfo) => info.startWallMs + (info.nowMs() - info.startMs);

export const timeOperators: OperatorFamily = {
  START_TIME: time(started, false),
  START_TIME_LOCAL: time(started, true),
  EMIT_TIME: time(emitted, false),
  EMIT_TIME_LOCAL: time(emitted, true),
};
