/** The one list of operators. A new one is a row of a family, or a new family here. */

import { FormatError } from "../format_text.ts";
import { downstreamOperators } from "./downstream.ts";
import { durationOperators } from "./duration.ts";
import { grpcOperators } from "./grpc.ts";
import { headerOperators } from "./headers.ts";
import { metadataOperators } from "./metadata.ts";
import { type Command, compileKind, type Operator, type OperatorFamily, type OperatorKind } from "./operator.ts";
import { responseOperators } from "./response.ts";
import { streamOperators } from "./stream.ts";
import { timeOperators } from "./time.ts";
import { tlsOperators } from "./tls.ts";
import { upstreamOperators } from "./upstream.ts";

const FAMILIES: readonly OperatorFamily[] = [
  headerOperators,
  grpcOperators,
  responseOperators,
  durationOperators,
  timeOperators,
  downstreamOperators,
  upstreamOperators,
  tlsOperators,
  streamOperators,
  metadataOperators,
];

export const OPERATORS: ReadonlyMap<string, OperatorKind> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);

/** Operators that Envoy 1.40 has and we do not have yet. */
const TO_COME: ReadonlySet<string> = new Set([
  "BYTES_RETRANSMITTED",
  "CEL",
  "COALESCE",
  "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
  "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
  "FILE_CONTENT",
  "PACKETS_RETRANSMITTED",
  "PER_REQUEST_STATE",
  "QUERY_PARAMS",
  "REQUEST_BODY",
  "REQ_WITHOUT_QUERY",
  "RESPONSE_BODY",
  "ROUTE_RESOLUTION_TIME_US",
  "SECRET",
  "UPSTREAM_CONNECTION_POOL_READY_DURATION",
  "UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
  "UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
  "UPSTREAM_HEADER_BYTES_RECEIVED",
  "UPSTREAM_HEADER_BYTES_SENT",
  "UPSTREAM_HOSTS_ATTEMPTED",
]);

/** Compiles one operator. Throws FormatError. */
export function compileOperator(command: Command): Operator {
  const kind = OPERATORS.get(command.command);
  if (kind !== undefined) return compileKind(kind, command);
  const reason = TO_COME.has(command.command) ? "is not supported yet" : "is no supported command";
  throw new FormatError(command.position, `%${command.command}% ${reason}`);
}
