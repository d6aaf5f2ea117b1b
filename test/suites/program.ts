// What every form of the program must do: serve the quickstart's config, show its pages, refuse a bad config, and leave when told.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { exitCode, startProgram } from "../support/program.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** The example, on ports that are free: its own for the proxy and admin become 0, and those of its upstreams the given ones. */
function quickstart(blue: number, green: number): string {
  return readFileSync("examples/quickstart.yaml", "utf8")
    .replaceAll(/port_value: (9901|10000)\b/g, "port_value: 0")
    .replaceAll("port_value: 10001", `port_value: ${blue}`)
    .replaceAll("port_value: 10002", `port_value: ${green}`);
}

/** An upstream that says its name and the path that it saw. */
async function upstream(name: string): Promise<number> {
  const server = createServer((request, response) => response.end(`${name} ${request.url}`));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Tests of the program that `command` starts. */
export function programSuite(command: string): void {
  it("serves the quickstart, shows it, and leaves with 0 on SIGTERM", async () => {
    const program = await startProgram(command, quickstart(await upstream("blue"), await upstream("green")));
    const front = `http://${program.listeners["front"]}`;
    const get = async (url: string) => (await fetch(url)).text();
    expect(await get(`${front}/tree`)).toBe("blue /tree");
    expect(await get(`${front}/green/leaf`)).toBe("green /leaf");
    expect(await get(`${front}/hello`)).toBe("hello from the proxy itself\n");
    expect(await get(`${program.admin}/ready`)).toBe("LIVE\n");
    expect(await get(`${program.admin}/stats?filter=http.front.downstream_rq_2xx`)).toContain("downstream_rq_2xx: 3");
    program.child.kill("SIGTERM");
    expect(await exitCode(program)).toBe(0);
  });

  it("judges a config without serving it", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "good.yaml"), quickstart(1, 2));
    writeFileSync(join(folder, "bad.yaml"), quickstart(1, 2).replace("connect_timeout", "conect_timeout"));
    const judge = (file: string) =>
      spawnSync(command, ["--mode", "validate", "-c", file], { cwd: folder, encoding: "utf8", timeout: 15_000 });
    expect(judge("good.yaml")).toMatchObject({ status: 0, stdout: "configuration 'good.yaml' OK\n" });
    const { status, stderr } = judge("bad.yaml");
    expect(status).toBe(1);
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+: .*conect_timeout.*connect_?timeout/i);
  });

  it("says its version", () => {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8", timeout: 15_000 });
    expect(status).toBe(0);
    expect(stdout).toMatch(/nuncio {2}version: [0-9a-z.]+\/\d+\.\d+\.\d+\//);
  });
}
