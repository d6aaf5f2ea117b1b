/**
 * Rules of Envoy's that no field shows by itself: a config may be well-formed and still not load. Each rule looks at one kind of
 * message, wherever in the tree it stands; a new rule is an entry in the file of its subject, a new subject a line below.
 */
import type { Message } from "../decode/decode.ts";
import { fieldPath, type Issues, itemPath } from "../decode/places.ts";
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
import { http2Rules } from "./http2.ts";
import { listenerRules } from "./listener.ts";
import { matcherRules } from "./matcher.ts";
import { overloadRules } from "./overload.ts";
import { regexRules } from "./regex.ts";
import { routeRules } from "./route.ts";
import { At, type Context, type Knowledge, type Rule } from "./rule.ts";
import { runtimeRules } from "./runtime.ts";
import { secretRules } from "./secret.ts";
import { tlsRules } from "./tls.ts";
import { transportSocketRules } from "./transport_socket.ts";

const RULES: readonly Rule[] = [
  ...bootstrapRules,
  ...runtimeRules,
  ...overloadRules,
  ...applicationLogRules,
  ...addressRules,
  ...listenerRules,
  ...matcherRules,
  ...httpConnectionManagerRules,
  ...http2Rules,
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
  ...tlsRules,
];

const rulesByType = new Map<string, Rule[]>();
for (const own of RULES) rulesByType.set(own.type, [...(rulesByType.get(own.type) ?? []), own]);

/** Applies all rules to a bootstrap that is otherwise valid. */
export function checkRules(desc: MessageDesc, bootstrap: Bootstrap, knowledge: Knowledge, issues: Issues): void {
  const clusterNames = new Set(bootstrap.static_resources?.clusters?.map(({ name }) => name));
  walk(desc, bootstrap as unknown as Message, "", { ...knowledge, bootstrap, clusterNames }, issues);
}

/** Looked at where somebody refers to them: Envoy does not open secrets that nobody uses. */
const UNVISITED = "envoy.extensions.transport_sockets.tls.v3.Secret";

function walk(desc: MessageDesc, message: Message, path: string, context: Context, issues: Issues): void {
  for (const own of rulesByType.get(desc.name) ?? []) own.check(message, new At(message, path, issues), context);
  for (const field of desc.fields) {
    const value = message[field.name];
    // What is not read has been refused, or has no effect here and is not looked into by Envoy at this point either.
    if (typeof value !== "object" || supported[desc.name]?.read.includes(field.name) !== true) continue;
    const at = fieldPath(path, field.name);
    for (const [holder, key, item] of valuesOf(field, value)) {
      const inner = messageOf(field, item);
      if (inner === undefined || inner.name === UNVISITED) continue;
      walk(inner, item as Message, holder === undefined ? at : itemPath(at, key), context, issues);
    }
  }
}
