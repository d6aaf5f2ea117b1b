// Node's private interfaces have one home, host/net/raw: when Node changes them, one folder changes, and the portable sockets still run.
import { expect, it } from "vitest";
import { files, linesMatching } from "../support/source_tree.ts";

const PRIVATE =
  /process\.binding|internalBinding|\._handle\b|\["_handle"\]|_getActiveHandles|kOnHeaders|--expose-internals/;
const HOME = /^host\/net\/raw/;

it("touches Node's private interfaces in host/net/raw only", () => {
  const sources = [...files("host", ".ts"), ...files("filters", ".ts"), ...files("bench", ".ts")];
  expect(sources.filter((file) => !HOME.test(file)).flatMap((file) => linesMatching(file, PRIVATE))).toEqual([]);
});
