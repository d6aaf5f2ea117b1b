// The package as npm would install it, below node_modules, where Node runs no TypeScript: a program of a user's own starts the proxy
// through the library door.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { writeBundle } from "../../scripts/build/bundle.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const PROGRAM = `
import { ConfigError, createProxy } from "nuncio";

const address = { socket_address: { address: "127.0.0.1", port_value: 0 } };
const route = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "from the package" } } };
const manager = {
  "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  stat_prefix: "front",
  route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
  http_filters: [
    {
      name: "envoy.filters.http.router",
      typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
    },
  ],
};
const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
const listeners = [{ name: "front", address, filter_chains: [{ filters }] }];

const proxy = await createProxy({ config: { static_resources: { listeners } }, concurrency: 1, logLevel: "error" });
const response = await fetch("http://" + proxy.listeners[0].addresses[0]);
const refused = await createProxy({ config: { no_such_field: 1 } }).catch((error) => error instanceof ConfigError);
console.log(JSON.stringify({ status: response.status, body: await response.text(), refused }));
await proxy.stop();
`;

it("serves from a program that imports it", async () => {
  const project = temporaryFolder();
  const installed = join(project, "node_modules/nuncio");
  mkdirSync(installed, { recursive: true });
  await writeBundle("package", { index: "host/index.ts" }, join(installed, "dist/package"));
  cpSync("package.json", join(installed, "package.json"));
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const name of Object.keys(dependencies))
    symlinkSync(resolve("node_modules", name), join(project, "node_modules", name));
  writeFileSync(join(project, "program.mjs"), PROGRAM);
  const { stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], {
    cwd: project,
    encoding: "utf8",
    timeout: 15_000,
  });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ status: 200, body: "from the package", refused: true });
});
