/** The API as the build sees it: messages, fields, enums and their rules, whatever they were read from. */
import type { TextMessage } from "./text_format.ts";

/** Scalar codes: string, bytes (y), bool, signed and unsigned 32 and 64 bits, float, double. */
export type ScalarCode = "s" | "y" | "b" | "i" | "u" | "l" | "L" | "f" | "d";

export type FieldType =
  | { readonly kind: "scalar"; readonly code: ScalarCode }
  | { readonly kind: "message" | "enum"; readonly name: string };

export interface FieldModel {
  number: number;
  name: string;
  type: FieldType;
  repeated: boolean;
  /** Code of the key when the field is a map; `type` is then that of its values. */
  mapKey?: ScalarCode;
  oneof?: string;
  /** A scalar whose being set can be told from its default (`optional`). */
  presence: boolean;
  deprecated: boolean;
  /** Deprecated and fatal unless a runtime flag allows it. */
  disallowed: boolean;
  sensitive: boolean;
  /** protoc-gen-validate's FieldRules, in snake_case, durations in milliseconds. */
  rules?: TextMessage;
}

export interface MessageModel {
  fields: FieldModel[];
  requiredOneofs: string[];
}

export interface EnumModel {
  values: { name: string; number: number; disallowed: boolean }[];
}

export interface ApiModel {
  readonly messages: Map<string, MessageModel>;
  readonly enums: Map<string, EnumModel>;
}
