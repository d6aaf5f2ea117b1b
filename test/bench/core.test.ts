/** The bench's pieces of work on the core do what they say, as often as they are run. */
import { expect, it } from "vitest";
import { coreCases, liveBlocks } from "../../bench/core/exchange.ts";
import { Core } from "../../host/wasm/core.ts";

const core = new Core();
const cases = coreCases(core);
const kept = liveBlocks(core);

it.each(cases.map((one) => [one.name, one] as const))("%s", (_, { run, bytes }) => {
  for (let i = 0; i < 100; i++) run();
  expect(bytes).toBeGreaterThan(0);
  expect(liveBlocks(core)).toBe(kept);
});
