import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import * as layout from "../../../host/wasm/layout.gen.ts";
import { TEXT_AT, write } from "../../support/core_text.ts";

const core = new Core();
const idOf = (name: string) => core.exports.nameId(TEXT_AT, write(core, name));
const ids = Array.from({ length: layout.HEADER_IDS }, (_, i) => i + 1);

describe("known header names", () => {
  it.each(ids)(
    "id %i has a constant that spells its name, and is a pseudo field if and only if it is one of the first",
    (id) => {
      const name = core.names[id] as string;
      const constant = `HEADER_${name.replace(":", "").toUpperCase().replaceAll("-", "_")}`;
      expect((layout as Record<string, unknown>)[constant], constant).toBe(id);
      expect(name.startsWith(":")).toBe(id <= layout.HEADER_LAST_PSEUDO);
    },
  );

  it("are found by their bytes, and only by them", () => {
    for (const id of ids) {
      const name = core.names[id] as string;
      expect(idOf(name)).toBe(id);
      expect(core.headerId(name)).toBe(id);
      for (const other of [`${name}-`, `-${name}`, name.toUpperCase(), `${name.slice(0, -1)}\x7f`]) {
        expect(idOf(other), other).toBe(0);
      }
    }
    expect(idOf("")).toBe(0);
    expect(idOf("x".repeat(5000))).toBe(0);
  });
});
