/** /explain: why a request went where it went (`?id=`), or where one would go (`?path=` and others). Decision 12; not in Envoy. */

import type { ExplainQuery } from "../../explain/query.ts";
import type { AdminContext } from "../context.ts";
import { type AdminRoute, json, text } from "../request.ts";

const USAGE =
  "usage: /explain?id=REQUEST_ID for a request that is over, or\n" +
  "/explain?path=/x[&method=GET][&authority=example.com][&header=name:value ...][&listener=NAME] for one that is not sent;\n" +
  "&format=text gives sentences alone\n";

export const explain: AdminRoute<AdminContext> = {
  path: "/explain",
  help: "tell why a request went where it went, or where one would go",
  changes: false,
  isOurs: true,
  params: [
    { name: "id", help: "the x-request-id of a request that is over" },
    { name: "method", help: "of a request that is not sent; GET if absent" },
    { name: "authority", help: "its host" },
    { name: "path", help: "its path and query" },
    { name: "header", help: "name:value, as often as needed" },
    { name: "listener", help: "the listener that it would come to; the first one with HTTP if absent" },
    { name: "format", help: "File format to use", oneOf: ["json", "text"] },
  ],
  async handle(context, { query }) {
    const asked = queryOf(query);
    if (asked === null) return text(USAGE, 400);
    const explanation = await context.explain(asked);
    if (explanation === null) {
      const id = query.get("id") ?? "";
      return text(`no request '${id}' is remembered: only the last ones of each worker are\n`, 404);
    }
    if (query.get("format") === "text") return text(`${explanation.sentences.join("\n")}\n`);
    return json({ ...explanation.facts, sentences: explanation.sentences });
  },
};

function queryOf(query: URLSearchParams): ExplainQuery | null {
  const requestId = query.get("id");
  if (requestId !== null) return { kind: "id", requestId };
  const path = query.get("path");
  if (path === null || !path.startsWith("/")) return null;
  const headers: [string, string][] = [];
  for (const header of query.getAll("header").reverse()) {
    const at = header.indexOf(":");
    if (at < 1) return null;
    headers.push([header.slice(0, at), header.slice(at + 1).trim()]);
  }
  return {
    kind: "imagined",
    listener: query.get("listener") ?? "",
    method: query.get("method") ?? "GET",
    authority: query.get("authority") ?? "",
    path,
    headers,
  };
}
