// Access logs on disk: lines, an unwritable file, a full disk, and a rotation.
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { fileLog, httpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";

const ROUTES = [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "here" } } }];

describe.each(NETS)("access logs over %s sockets", (net) => {
  const start = (logs: object[]) =>
    startProxy(onTestFinished, httpConfig({ routes: ROUTES, manager: { access_log: logs } }), { net });

  async function get({ url }: RunningProxy, path: string): Promise<void> {
    const response = await fetch(`${url}${path}`);
    expect([response.status, await response.text()]).toEqual([200, "here"]);
  }

  it("have a line for each request, in their order", async () => {
    const path = join(temporaryFolder(), "access.log");
    const front = await start([
      fileLog(path, "%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %BYTES_SENT% %RESPONSE_CODE_DETAILS%"),
    ]);
    for (const name of ["/a", "/b", "/c"]) await get(front, name);
    const lines = ["/a", "/b", "/c"].map((name) => `GET ${name} 200 4 direct_response\n`);
    await expect.poll(() => readFileSync(path, "utf8")).toBe(lines.join(""));
  });

  it("say once that the disk is full, and traffic goes on", async () => {
    if (!existsSync("/dev/full")) return console.log("skipped: no /dev/full here");
    const front = await start([fileLog("/dev/full", "%REQ(:PATH)%")]);
    for (let i = 0; i < 20; i++) {
      await get(front, `/${i}`);
      await expect.poll(() => front.counter("filesystem.write_failed")).toBeGreaterThan(i);
    }
    expect(front.log.filter((line) => line.includes("/dev/full"))).toHaveLength(1);
  });

  it("are opened again after a rotation", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "access.log");
    const front = await start([fileLog(path, "%REQ(:PATH)%")]);
    await get(front, "/before");
    await expect.poll(() => readFileSync(path, "utf8")).toBe("/before\n");
    renameSync(path, join(folder, "old.log"));
    front.proxy.reopenLogs();
    await get(front, "/after");
    await expect.poll(() => existsSync(path) && readFileSync(path, "utf8")).toBe("/after\n");
    expect(readFileSync(join(folder, "old.log"), "utf8")).toBe("/before\n");
  });

  it("go on where the file cannot be opened again, and say so", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "access.log");
    const front = await start([fileLog(path, "%REQ(:PATH)%")]);
    await get(front, "/one");
    await expect.poll(() => readFileSync(path, "utf8")).toBe("/one\n");
    renameSync(path, join(folder, "old.log"));
    renameSync(folder, `${folder}.moved`);
    onTestFinished(() => rmSync(`${folder}.moved`, { recursive: true, force: true }));
    front.proxy.reopenLogs();
    await get(front, "/two");
    await expect.poll(() => front.counter("filesystem.reopen_failed")).toBe(1);
    await expect.poll(() => readFileSync(join(`${folder}.moved`, "old.log"), "utf8")).toBe("/one\n/two\n");
    expect(front.log.filter((line) => line.includes(path))).toHaveLength(1);
  });
});
