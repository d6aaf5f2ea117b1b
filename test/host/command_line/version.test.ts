import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { serverVersion, VERSION } from "../../../host/server_version.ts";

it("is the version of the package, in Envoy's shape", () => {
  expect(VERSION).toBe(JSON.parse(readFileSync("package.json", "utf8")).version);
  expect(serverVersion()).toMatch(new RegExp(`^([0-9a-f]{40}|v${VERSION})/${VERSION}/Clean/RELEASE/OpenSSL$`));
});
