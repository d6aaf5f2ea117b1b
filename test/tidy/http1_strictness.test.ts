import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { HTTP1_ERRORS } from "../../host/codec/http1_errors.ts";

it("docs/http1_strictness.md lists every rule of HTTP/1, with its answer", () => {
  const page = readFileSync(new URL("../../docs/http1_strictness.md", import.meta.url), "utf8");
  const table = page.slice(page.indexOf("## Every rule"), page.indexOf("## Where we are stricter"));
  const rows = [...table.matchAll(/^\| `(\w+)` \|.*\| ([^|]+) \|$/gm)].map(([, rule, answer]) => `${rule}: ${answer}`);
  const expected = HTTP1_ERRORS.map(({ rule, status, details }) => {
    if (status !== 0) return `${rule}: ${status} \`${details}\``;
    return `${rule}: ${rule === "cut_short" ? "nobody is there" : "response"}`;
  });
  expect(rows).toEqual(expected);
});
