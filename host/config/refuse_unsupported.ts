/** Refuses what Envoy knows and we do not read, by the list in `supported.ts`: fields, values and extension types. */
import type { Message } from "./decode/decode.ts";
import { fieldPath, type Issues, itemPath } from "./decode/places.ts";
import { enumNamed, type FieldDesc, type MessageDesc } from "./schema.ts";
import { quote } from "./source/node.ts";
import type { MessageSupport } from "./supported/message_support.ts";
import { extensions, supported } from "./supported.ts";
import { messageOf, valuesOf } from "./tree.ts";

/** Messages that only wrap an `Any`: which types may stand there is the business of who holds them. */
const ENVELOPES = new Set([
  "envoy.config.core.v3.TypedExtensionConfig",
  "xds.core.v3.TypedExtensionConfig",
  "envoy.config.core.v3.TransportSocket",
]);

/** Adds an issue for all in `message` that is not supported, and a warning for all that has no effect. */
export function checkSupport(
  desc: MessageDesc,
  message: Message,
  path: string,
  issues: Issues,
  warnings: Issues,
): void {
  new SupportCheck(issues, warnings).message(desc, message, path, "");
}

class SupportCheck {
  readonly #issues: Issues;
  readonly #warnings: Issues;

  constructor(issues: Issues, warnings: Issues) {
    this.#issues = issues;
    this.#warnings = warnings;
  }

  /** `slot` names the field that holds `message`. */
  message(desc: MessageDesc, message: Message, path: string, slot: string): void {
    const support: MessageSupport = supported[desc.name] ?? { read: [] };
    for (const field of desc.fields) {
      const value = message[field.name];
      if (value === undefined) continue;
      const at = fieldPath(path, field.name);
      const isRead = support.read.includes(field.name);
      const allowed = support.only?.[field.name];
      const inert = support.inert?.[field.name];
      if (!isRead && inert === undefined && allowed === undefined) {
        this.#issues.add(message, field.name, at, `${field.name} is not supported yet`);
        continue;
      }
      if (inert !== undefined) this.#warnings.add(message, field.name, at, `has no effect: ${inert}`);
      this.#values(field, message, at, allowed);
      if (isRead) this.#inside(field, value, at, ENVELOPES.has(desc.name) ? slot : `${desc.name}.${field.name}`);
    }
  }

  #values(field: FieldDesc, message: Message, path: string, allowed: readonly unknown[] | undefined): void {
    const numbers = field.isEnum ? enumNamed(field.typeName as string).byNumber : undefined;
    for (const [holder, key, item] of valuesOf(field, message[field.name])) {
      if (typeof item === "object") continue;
      // A number that the enum does not have is Envoy's to accept; we cannot know what it means.
      const unknown = numbers !== undefined && typeof item === "number";
      if (!unknown && (allowed === undefined || allowed.includes(item))) continue;
      const at = holder === undefined ? path : itemPath(path, key);
      const shown = typeof item === "string" && !field.isEnum ? quote(item) : String(item);
      this.#issues.add(holder ?? message, key, at, `${field.name}: ${shown} is not supported yet`);
    }
  }

  #inside(field: FieldDesc, value: unknown, path: string, slot: string): void {
    for (const [holder, key, item] of valuesOf(field, value)) {
      const at = holder === undefined ? path : itemPath(path, key);
      if (field.typeName === "google.protobuf.Any") {
        const type = (item as { "@type": string })["@type"];
        if (extensions[slot]?.includes(type) !== true) {
          this.#issues.add(
            item as object,
            "@type",
            fieldPath(at, "@type"),
            `${type || "an empty Any"} is not supported yet`,
          );
          continue;
        }
      }
      const inner = messageOf(field, item);
      if (inner !== undefined) this.message(inner, item as Message, at, slot);
    }
  }
}
