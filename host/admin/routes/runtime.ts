/** /runtime and /runtime_modify: values of the layered runtime. */

import type { AdminContext } from "../context.ts";
import { type AdminRoute, json, OK, parseQuery, text } from "../request.ts";

export const runtime: AdminRoute<AdminContext> = {
  path: "/runtime",
  help: "print runtime values",
  changes: false,
  handle(context) {
    const entries: Record<string, object> = Object.create(null);
    for (const { key, layerValues, finalValue } of context.runtime.entries()) {
      entries[key] = { layer_values: layerValues, final_value: finalValue };
    }
    return json({ entries, layers: context.runtime.layerNames });
  },
};

export const runtimeModify: AdminRoute<AdminContext> = {
  path: "/runtime_modify",
  help: "Adds or modifies runtime values as passed in query parameters. To delete a previously added key, use an empty string as the value. Note that deletion only applies to overrides added via this endpoint; values loaded from disk can be modified via override but not deleted. E.g. ?key1=value1&key2=value2...",
  changes: true,
  handle(context, { query, body }) {
    const changes = query.size > 0 ? query : parseQuery(body);
    if (changes.size === 0) return text(USAGE, 400);
    const problem = context.runtime.modify(new Map(changes));
    if (problem !== null) return text(problem, 503);
    context.onRuntimeChange([...changes.keys()]);
    return OK;
  },
};

const USAGE = `usage: /runtime_modify?key1=value1&key2=value2&keyN=valueN
       or send the parameters as form values
use an empty value to remove a previously added override`;
