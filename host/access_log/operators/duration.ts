/** Operators over the moments of a stream. Durations are whole milliseconds, cut off, unless a precision is asked for. */

import { NEVER, type StreamInfo } from "../../stream_info/stream_info.ts";
import { FormatError } from "../format_text.ts";
import { type OperatorFamily, type OperatorKind, plain } from "./operator.ts";

type Moment = (info: StreamInfo) => number;

const start: Moment = (info) => info.startMs;
const requestEnd: Moment = (info) => info.requestEndMs;
const upstreamFirstTx: Moment = (info) => info.upstreamFirstTxMs;
const upstreamLastTx: Moment = (info) => info.upstreamLastTxMs;
const upstreamFirstRx: Moment = (info) => info.upstreamFirstRxMs;
const upstreamLastRx: Moment = (info) => info.upstreamLastRxMs;
const downstreamFirstTx: Moment = (info) => info.downstreamFirstTxMs;
const downstreamLastTx: Moment = (info) => info.downstreamLastTxMs;

/** The points of `%COMMON_DURATION(START:END:PRECISION)%`. */
const POINTS: Readonly<Record<string, Moment>> = {
  DS_RX_BEG: start,
  DS_RX_END: requestEnd,
  US_TX_BEG: upstreamFirstTx,
  US_TX_END: upstreamLastTx,
  US_RX_BEG: upstreamFirstRx,
  US_RX_END: upstreamLastRx,
  DS_TX_BEG: downstreamFirstTx,
  DS_TX_END: downstreamLastTx,
  // No handshake on a plain connection.
  US_HS_END: () => NEVER,
};
/** Points that Envoy has and that are not taken down here yet. */
const POINTS_TO_COME = ["US_CX_BEG", "US_CX_END", "US_RX_BODY_BEG"];

/** Units in a millisecond. */
const PRECISIONS: Readonly<Record<string, number>> = { ms: 1, us: 1e3, ns: 1e6 };

/** Undefined when one of the moments has not come, or when they came the other way round. */
function between(from: Moment, to: Moment, unitsPerMs = 1) {
  return (info: StreamInfo): number | undefined => {
    const begin = from(info);
    const end = to(info);
    return begin === NEVER || end === NEVER || end < begin ? undefined : Math.trunc((end - begin) * unitsPerMs);
  };
}

const commonDuration: OperatorKind = {
  argument: "required",
  compile(argument, { position }) {
    const parts = argument.split(":");
    const [from = "", to = "", precision = "ms"] = parts;
    const units = PRECISIONS[precision];
    if (parts.length < 2 || parts.length > 3) {
      throw new FormatError(position, `invalid common duration configuration: ${argument}`);
    }
    if (units === undefined) throw new FormatError(position, `invalid common duration precision: ${precision}`);
    return between(point(from, position), point(to, position), units);
  },
};

/** Another name is one that a filter may set on the stream; no filter here does, so that moment never comes. */
function point(name: string, position: number): Moment {
  if (POINTS_TO_COME.includes(name)) throw new FormatError(position, `${name} of COMMON_DURATION is not supported yet`);
  return POINTS[name] ?? (() => NEVER);
}

export const durationOperators: OperatorFamily = {
  DURATION: plain((info) => Math.trunc((info.endMs === NEVER ? info.nowMs() : info.endMs) - info.startMs)),
  REQUEST_DURATION: plain(between(start, requestEnd)),
  REQUEST_TX_DURATION: plain(between(start, upstreamLastTx)),
  RESPONSE_DURATION: plain(between(start, upstreamFirstRx)),
  RESPONSE_TX_DURATION: plain(between(upstreamFirstRx, downstreamLastTx)),
  COMMON_DURATION: commonDuration,
  // Only QUIC acknowledges to the application.
  ROUNDTRIP_DURATION: plain(() => undefined),
};
