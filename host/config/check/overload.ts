/** The overload manager: what its parts call each other. */
import { OVERLOAD_ACTION_NAMES } from "../overload_actions.ts";
import type { OverloadManager } from "../types/overload.ts";
import { type At, rule } from "./rule.ts";

const KNOWN: ReadonlySet<string> = new Set(OVERLOAD_ACTION_NAMES);

export const overloadRules = [
  rule<OverloadManager>("envoy.config.overload.v3.OverloadManager", (manager, at) => {
    const { resource_monitors: monitors = [], actions = [] } = manager;
    const names = unique(monitors, "resource_monitors", "resource monitor", at);
    unique(actions, "actions", "overload action", at);
    for (const [index, action] of actions.entries()) {
      const place = at.element("actions", actions, index);
      if (!KNOWN.has(action.name)) place.failField("name", `${action.name} is not supported yet`);
      unique(action.triggers, "triggers", "trigger", place);
      for (const [i, { name }] of action.triggers.entries()) {
        if (names.has(name)) continue;
        place.element("triggers", action.triggers, i).failField("name", `unknown trigger resource ${name}`);
      }
    }
  }),
];

function unique(list: readonly { readonly name: string }[], field: string, what: string, at: At): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, { name }] of list.entries()) {
    if (names.has(name)) at.element(field, list, index).failField("name", `duplicate ${what} ${name}`);
    names.add(name);
  }
  return names;
}
