/** Operators over metadata of the config: `%METADATA(KIND:NAMESPACE:KEY:...)%` and the older names for two kinds of it. */

import { METADATA_KINDS, type MetadataKind, metadataValue } from "../../stream_info/metadata.ts";
import { FormatError } from "../format_text.ts";
import type { Operator, OperatorFamily, OperatorKind } from "./operator.ts";

/** Kinds that Envoy has and we do not. */
const TO_COME: ReadonlySet<string> = new Set(["LISTENER_FILTER_CHAIN"]);

function reader(kind: MetadataKind, path: readonly string[]): Operator {
  return (info) => metadataValue(info.metadataOf(kind), path) ?? undefined;
}

function ofKind(kind: MetadataKind): OperatorKind {
  return { argument: "required", takesLength: true, compile: (argument) => reader(kind, argument.split(":")) };
}

export const metadataOperators: OperatorFamily = {
  METADATA: {
    argument: "required",
    takesLength: true,
    compile(argument, { position }) {
      const [name = "", ...path] = argument.split(":");
      const kind = METADATA_KINDS.find((known) => known === name);
      if (kind !== undefined) return reader(kind, path);
      const reason = TO_COME.has(name) ? "is not supported yet" : "is no kind of metadata";
      throw new FormatError(position, `%METADATA(${name})% ${reason}`);
    },
  },
  DYNAMIC_METADATA: ofKind("DYNAMIC"),
  CLUSTER_METADATA: ofKind("CLUSTER"),
  UPSTREAM_METADATA: ofKind("UPSTREAM_HOST"),
};
