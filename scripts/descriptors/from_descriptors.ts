/** FileDescriptorSet -> ApiModel, by protobuf-es' reflection. Build time only: no protobuf library runs in the proxy. */
import {
  createFileRegistry,
  type DescExtension,
  type DescField,
  type DescMessage,
  fromBinary,
  getOption,
  hasOption,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ApiModel, FieldModel, FieldType, ScalarCode } from "./model.ts";
import { normalizeRules } from "./rules.ts";
import type { TextMessage } from "./text_format.ts";

const SCALAR_CODES: Readonly<Record<ScalarType, ScalarCode>> = {
  [ScalarType.STRING]: "s",
  [ScalarType.BYTES]: "y",
  [ScalarType.BOOL]: "b",
  [ScalarType.INT32]: "i",
  [ScalarType.SINT32]: "i",
  [ScalarType.SFIXED32]: "i",
  [ScalarType.UINT32]: "u",
  [ScalarType.FIXED32]: "u",
  [ScalarType.INT64]: "l",
  [ScalarType.SINT64]: "l",
  [ScalarType.SFIXED64]: "l",
  [ScalarType.UINT64]: "L",
  [ScalarType.FIXED64]: "L",
  [ScalarType.FLOAT]: "f",
  [ScalarType.DOUBLE]: "d",
};

/** Every message and enum of the set, save descriptors of descriptors and of rules. */
export function modelOfDescriptors(binary: Uint8Array): ApiModel {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, binary));
  const extension = (name: string): DescExtension => {
    const found = registry.getExtension(name);
    if (found === undefined) throw new Error(`the descriptors lack ${name}`);
    return found;
  };
  const options = {
    rules: extension("validate.rules"),
    required: extension("validate.required"),
    disallowed: extension("envoy.annotations.disallowed_by_default"),
    disallowedEnum: extension("envoy.annotations.disallowed_by_default_enum"),
    sensitive: extension("udpa.annotations.sensitive"),
  };
  const rulesOf = (field: DescField): TextMessage | undefined => {
    if (!hasOption(field, options.rules)) return undefined;
    const rules = getOption(field, options.rules);
    const message = registry.getMessage("validate.FieldRules") as DescMessage;
    return normalizeRules(toJson(message, rules as never, { useProtoFieldName: true, registry }) as TextMessage);
  };
  const flag = (desc: DescField, option: DescExtension): boolean =>
    hasOption(desc, option) && getOption(desc, option) === true;

  const model: ApiModel = { messages: new Map(), enums: new Map() };
  for (const desc of registry) {
    if (/^(?:validate\.|google\.protobuf\.(?:\w*Descriptor|\w+Options))/.test(desc.typeName)) continue;
    if (desc.kind === "enum") {
      const values = desc.values.map((value) => ({
        name: value.name,
        number: value.number,
        disallowed: hasOption(value, options.disallowedEnum) && getOption(value, options.disallowedEnum) === true,
      }));
      model.enums.set(desc.typeName, { values });
    }
    if (desc.kind !== "message") continue;
    const fields = desc.fields.map((field): FieldModel => {
      const rules = rulesOf(field);
      return {
        number: field.number,
        name: field.name,
        type: typeOf(field),
        repeated: field.fieldKind === "list",
        ...(field.fieldKind === "map" ? { mapKey: SCALAR_CODES[field.mapKey] } : {}),
        ...(field.oneof === undefined ? {} : { oneof: field.oneof.name }),
        presence:
          field.presence === FeatureSet_FieldPresence.EXPLICIT &&
          field.oneof === undefined &&
          (field.fieldKind === "scalar" || field.fieldKind === "enum"),
        deprecated: field.deprecated,
        disallowed: flag(field, options.disallowed),
        sensitive: flag(field, options.sensitive),
        ...(rules === undefined ? {} : { rules }),
      };
    });
    const requiredOneofs = desc.oneofs
      .filter((oneof) => hasOption(oneof, options.required) && getOption(oneof, options.required) === true)
      .map((oneof) => oneof.name);
    model.messages.set(desc.typeName, { fields, requiredOneofs });
  }
  return model;
}

function typeOf(field: DescField): FieldType {
  if (field.message !== undefined) return { kind: "message", name: field.message.typeName };
  if (field.enum !== undefined) return { kind: "enum", name: field.enum.typeName };
  return { kind: "scalar", code: SCALAR_CODES[field.scalar as ScalarType] };
}
