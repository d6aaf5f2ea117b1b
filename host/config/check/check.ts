/**
 * Rules of Envoy's that no field shows by itself: a config may be well-formed and still not load. Each rule looks at one kind of
 * message, wherever in the tree it stands; a new rule is an entry in the file of its subject, a new subject a line below.
 */
import type { Message } from "../decode/decode.ts";
import { fieldPath, type Issues, itemPath, type Key } from "../decode/places.ts";
import type { MessageDesc } from "../schema.ts";
import { supported } from "../supported.ts";
import { messageOf, valuesOf } from "../tree.ts";
import type { Bootstrap } from "../types/bootstrap.ts";
import { accessLogRules } from "./access_log.ts";
import { addressRules } from "./address.ts";
import { applicationLogRules } from "./application_log.ts";
import { bootstrapRules } from "./bootstrap.ts";
import { clusterRules } from "./cluster.ts";
import { dataSourceRules } from "./data_source.ts";
import { endpointRules } from "./endpoint.ts";
import { formatRules } from "./format.ts";
import { headerRules } from "./header.ts";
import { httpConnectionManagerRules } from "./http_connection_manager.ts";
import { listenerRules } from "./listener.ts";
import { regexRules } from "./regex.ts";
import { routeRules } from "./route.ts";
import { runtimeRules } from "./runtime.ts";
import { secretRules } from "./secret.ts";
import { transportSocketRules } from "./transport_socket.ts";

/** One rule: `check` is called with every message of the type. */
export interface Rule {
  readonly type: string;
  check(message: Message, at: At, context: Context): void;
}

/** A rule over messages of a type, with the fields that its reading needs. */
export function rule<T extends object>(type: string, check: (message: T, at: At, context: Context) => void): Rule {
  return { type, check: check as unknown as Rule["check"] };
}

/** What the door is told from outside, because others know it better. */
export interface Knowledge {
  /** What is wrong with a format string of an access log or a header value; undefined when it compiles. */
  formatReason(format: string): string | undefined;
}

/** What a rule may know beyond its message. */
export interface Context extends Knowledge {
  readonly bootstrap: Bootstrap;
  readonly clusterNames: ReadonlySet<string>;
}

/** Where a rule stands, and how it complains. */
export class At {
  readonly #object: object;
  readonly #path: string;
  readonly #issues: Issues;

  constructor(object: object, path: string, issues: Issues) {
    this.#object = object;
    this.#path = path;
    this.#issues = issues;
  }

  /** Complains about the message itself. */
  fail(reason: string): void {
    this.#issues.add(this.#object, undefined, this.#path, reason);
  }

  /** Complains about one of its fields. */
  failField(name: string, reason: string, suggestion?: string): void {
    this.#issues.add(this.#object, name, fieldPath(this.#path, name), reason, suggestion);
  }

  /** The place of an element of a list or map field. */
  element(name: string, holder: object, key: Key): At {
    const inner = (holder as Record<Key, unknown>)[key];
    const path = itemPath(fieldPath(this.#path, name), key);
    return typeof inner === "object" && inner !== null
      ? new At(inner, path, this.#issues)
      : new ScalarAt(holder, key, path, this.#issues);
  }
}

/** An element that is no object has no place of its own; its list knows where it is. */
class ScalarAt extends At {
  readonly #report: (reason: string) => void;

  constructor(holder: object, key: Key, path: string, issues: Issues) {
    super(holder, path, issues);
    this.#report = (reason) => issues.add(holder, key, path, reason);
  }

  override fail(reason: string): void {
    this.#report(reason);
  }
}

const RULES: readonly Rule[] = [
  ...bootstrapRules,
  ...runtimeRules,
  ...applicationLogRules,
  ...addressRules,
  ...listenerRules,
  ...httpConnectionManagerRules,
  ...routeRules,
  ...headerRules,
  ...regexRules,
  ...clusterRules,
  ...endpointRules,
  ...accessLogRules,
  ...formatRules,
  ...dataSourceRules,
  ...secretRules,
  ...transportSocketRules,
];

const rulesByType = new Map<string, Rule[]>();
for (const own of RULES) rulesByType.set(own.type, [...(rulesByType.get(own.type) ?? []), own]);

/** Applies all rules to a bootstrap that is otherwise valid. */
export function checkRules(desc: MessageDesc, bootstrap: Bootstrap, knowledge: Knowledge, issues: Issues): void {
  const clusterNames = new Set(bootstrap.static_resources?.clusters?.map(({ name }) => name));
  walk(desc, bootstrap as unknown as Message, "", { ...knowledge, bootstrap, clusterNames }, issues);
}

function walk(desc: MessageDesc, message: Message, path: string, context: Context, issues: Issues): void {
  for (const own of rulesByType.get(desc.name) ?? []) own.check(message, new At(message, path, issues), context);
  for (const field of desc.fields) {
    const value = message[field.name];
    // What is not read has been refused, or has no effect here and is not looked into by Envoy at this point either.
    if (typeof value !== "object" || supported[desc.name]?.read.includes(field.name) !== true) continue;
    const at = fieldPath(path, field.name);
    for (const [holder, key, item] of valuesOf(field, value)) {
      const inner = messageOf(field, item);
      if (inner === undefined) continue;
      walk(inner, item as Message, holder === undefined ? at : itemPath(at, key), context, issues);
    }
  }
}
