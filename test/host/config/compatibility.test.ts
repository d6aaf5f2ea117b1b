import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { compatibilityText } from "../../../scripts/descriptors/compatibility.ts";

it("the page says what the list says (scripts/descriptors/write_compatibility.mjs writes it)", () => {
  expect(readFileSync("docs/guide/compatibility.md", "utf8")).toBe(compatibilityText());
});
