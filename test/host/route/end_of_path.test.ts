// The end of a path: sixteen bytes a step and one by one give the same, which is what splitting gives.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { SCRATCH_START } from "../../../host/wasm/layout.gen.ts";

const { exports, bytes } = new Core();
const path = fc.string({ unit: fc.constantFrom("/", "a", "?", "#", ";", "\xff"), maxLength: 40 });

it("is found alike by both forms", () => {
  fc.assert(
    fc.property(path, fc.boolean(), (path, ignoreParameters) => {
      // What stands behind must not count.
      bytes.write(`${path}?#;`, SCRATCH_START, "latin1");
      const expected = path.split(ignoreParameters ? /[?#;]/ : /[?#]/, 1)[0]?.length ?? 0;
      const flag = ignoreParameters ? 1 : 0;
      expect(exports.endOfPathVector(SCRATCH_START, path.length, flag)).toBe(expected);
      expect(exports.endOfPathScalar(SCRATCH_START, path.length, flag)).toBe(expected);
    }),
  );
});
