// A page that points nowhere is worse than no page.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { files } from "../support/source_tree.ts";

const pages = files(".", ".md");
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

it("resolves every relative link of every page", () => {
  const broken: string[] = [];
  for (const page of pages) {
    const text = withoutCode(readFileSync(page, "utf8"));
    for (const [, link] of text.matchAll(LINK)) {
      if (/^[a-z]+:/.test(link as string)) continue;
      const [path = "", anchor] = (link as string).split("#");
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(target)) broken.push(`${page}: ${link}`);
      else if (anchor && target.endsWith(".md") && !anchorsOf(target).has(anchor)) broken.push(`${page}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
}

/** Anchors as GitHub makes them from headings. */
function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(page, "utf8").match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
