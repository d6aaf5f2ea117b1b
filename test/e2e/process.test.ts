// The program and its signals: how it starts, changes and leaves.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Agent, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { exitCode, type Program, startProgram } from "../support/program.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { httpConfig, loopback, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { httpUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const COMMAND = resolve("bin/nuncio");
const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const ADMIN = { admin: { address: loopback(0) } };

function direct(body: string): object {
  const routes = [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: body } } }];
  return httpConfig({ routes, bootstrap: ADMIN });
}

/** JSON is YAML. */
const start = (config: object, ...args: string[]) => startProgram(COMMAND, JSON.stringify(config), args);

const run = (...args: string[]) => spawnSync(COMMAND, args, { encoding: "utf8", timeout: 15_000 });

async function connect(program: Program): Promise<Wire> {
  const wire = await Wire.toPort(Number(program.listeners["front"]?.split(":")[1]));
  onTestFinished(() => wire.close());
  return wire;
}

/** An upstream whose answer waits for the test. */
async function heldUpstream() {
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const { port } = await httpUpstream(onTestFinished, (_request, response) => {
    arrived.resolve();
    void release.promise.then(() => response.end("at last"));
  });
  return { arrived: arrived.promise, release: () => release.resolve(), config: held(port) };
}

const held = (port: number) =>
  httpConfig({ routes: [route("/", "a", { timeout: "0s" })], clusters: { a: port }, bootstrap: ADMIN });

describe.each(NETS)("SIGTERM over %s sockets", (net) => {
  it("lets the request under way end, takes no other, and leaves with 0", async () => {
    const { arrived, release, config } = await heldUpstream();
    const program = await start(config, "--net", net);
    const busy = await connect(program);
    const idle = await connect(program);
    busy.send(REQUEST);
    await arrived;
    program.child.kill("SIGTERM");
    expect(await idle.untilEnd()).toBe("fin");
    await expect(connect(program)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(program.child.exitCode).toBeNull();
    release();
    const answer = await busy.take("at last");
    expect(answer.toLowerCase()).toContain("\r\nconnection: close\r\n");
    expect(await busy.untilEnd()).toBe("fin");
    busy.close();
    idle.close();
    expect(await exitCode(program)).toBe(0);
  });
});

describe.each(NETS)("SIGTERM under load over %s sockets", (net) => {
  it("loses no request: each is answered, or meets a closed door", async () => {
    const upstream = await httpUpstream(onTestFinished, (_request, response) => response.end("here"));
    const program = await start(held(upstream.port), "--net", net, "--concurrency", "2");
    const url = `http://${program.listeners["front"]}`;
    const answered = Promise.withResolvers<void>();
    let answers = 0;
    const client = async (): Promise<string> => {
      const agent = new Agent({ connections: 1 });
      onTestFinished(() => agent.destroy());
      // A connection that the kernel made and nobody accepted before the listener closed is reset: that door was closed, too.
      let isFresh = false;
      agent.on("connect", () => {
        isFresh = true;
      });
      for (;;) {
        try {
          const { statusCode, body } = await request(url, { dispatcher: agent });
          if (statusCode !== 200 || (await body.text()) !== "here") return `status ${statusCode}`;
          isFresh = false;
          if (++answers === 500) answered.resolve();
        } catch (error) {
          const { code = String(error) } = error as NodeJS.ErrnoException;
          return code === "ECONNREFUSED" || (isFresh && code === "ECONNRESET") ? "closed door" : code;
        }
      }
    };
    const clients = Array.from({ length: 8 }, client);
    await answered.promise;
    program.child.kill("SIGTERM");
    expect(new Set(await Promise.all(clients))).toEqual(new Set(["closed door"]));
    expect(await exitCode(program)).toBe(0);
  });
});

describe("the end", () => {
  it("comes at once at the second signal", async () => {
    const { arrived, config } = await heldUpstream();
    const program = await start(config);
    const busy = await connect(program);
    busy.send(REQUEST);
    await arrived;
    program.child.kill("SIGINT");
    await expect.poll(() => program.output()).toContain("draining");
    expect(program.child.exitCode).toBeNull();
    program.child.kill("SIGINT");
    expect(await exitCode(program)).toBe(0);
    expect(await busy.untilEnd()).not.toBe("open");
  });

  it("comes when the drain time is over", async () => {
    const { arrived, config } = await heldUpstream();
    const program = await start(config, "--drain-time-s", "1");
    const busy = await connect(program);
    busy.send(REQUEST);
    await arrived;
    program.child.kill("SIGTERM");
    expect(await exitCode(program)).toBe(0);
    expect(program.output()).toContain("the drain time is over: 1 connections are cut");
  });

  it("comes when the admin port asks for it, after the answer", async () => {
    const program = await start(direct("here"));
    const response = await fetch(`${program.admin}/quitquitquit`, { method: "POST" });
    expect(await response.text()).toBe("OK\n");
    expect(await exitCode(program)).toBe(0);
  });
});

describe("draining from the admin port", () => {
  it("stops listening, and leaves open what is open", async () => {
    const program = await start(direct("here"));
    const wire = await connect(program);
    await wire.send(REQUEST).take("here");
    const post = async (path: string) => (await fetch(`${program.admin}${path}`, { method: "POST" })).text();
    expect(await post("/drain_listeners")).toBe("OK\n");
    await expect
      .poll(() =>
        connect(program).then(
          () => "",
          ({ code }) => code,
        ),
      )
      .toBe("ECONNREFUSED");
    await wire.send(REQUEST).take("here");
    expect(program.child.exitCode).toBeNull();
  });

  it("tells clients to go, one answer at a time", async () => {
    const program = await start(direct("here"));
    const wire = await connect(program);
    expect(await wire.send(REQUEST).take("here")).not.toMatch(/connection: close/i);
    const post = await fetch(`${program.admin}/drain_listeners?graceful&skip_exit`, { method: "POST" });
    expect(await post.text()).toBe("OK\n");
    expect(await wire.send(REQUEST).take("here")).toMatch(/connection: close/i);
    expect(await wire.untilEnd()).toBe("fin");
    // It goes on listening.
    await (await connect(program)).send(REQUEST).take("here");
  });
});

describe("SIGHUP", () => {
  it("loads the file again; a bad one changes nothing and is explained", async () => {
    const program = await start(direct("old"));
    const file = join(program.folder, "config.yaml");
    const ask = async () => (await connect(program)).send(REQUEST).take(/\r\n\r\n(old|new)/);
    expect(await ask()).toMatch(/old$/);
    writeFileSync(file, JSON.stringify({ ...direct("new"), nonsense: 1 }));
    program.child.kill("SIGHUP");
    await expect.poll(() => program.output()).toMatch(/the config stays as it was:\nconfig\.yaml:1:\d+: .*nonsense/);
    expect(await ask()).toMatch(/old$/);
    writeFileSync(file, JSON.stringify(direct("new")));
    program.child.kill("SIGHUP");
    await expect.poll(() => program.output()).toContain("loaded 'config.yaml' again");
    expect(await ask()).toMatch(/new$/);
  });
});

describe("the log file", () => {
  it("is opened again at SIGUSR1 and POST /reopen_logs, and has what standard error had before", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "nuncio.log");
    const adminPath = join(folder, "admin");
    const config = ["--config-yaml", JSON.stringify(direct("here")), "--admin-address-path", adminPath];
    const words = [...config, "--concurrency", "1", "--log-path", path];
    const child = spawn(COMMAND, words, { stdio: ["ignore", "ignore", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const logged = () => (existsSync(path) ? readFileSync(path, "utf8") : "");
    await expect.poll(logged, { timeout: 8_000 }).toContain("] serving\n");
    renameSync(path, join(folder, "old.log"));
    child.kill("SIGUSR1");
    await expect.poll(logged).toContain("SIGUSR1");
    renameSync(path, join(folder, "older.log"));
    const answer = await fetch(`http://${readFileSync(adminPath, "utf8")}/reopen_logs`, { method: "POST" });
    expect(await answer.text()).toBe("OK\n");
    expect(existsSync(path)).toBe(true);
    expect(said).toBe("");
  });
});

describe("the program", () => {
  it("goes on when nobody reads its output any more", async () => {
    const program = await start(direct("here"), "-l", "debug");
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    for (let i = 0; i < 3; i++) {
      program.child.kill("SIGUSR1");
      await (await connect(program)).send(REQUEST).take("here");
    }
    expect(program.child.exitCode).toBeNull();
  });

  it("starts and leaves in mode init_only, and writes what it is asked to", () => {
    const folder = temporaryFolder();
    const paths = { admin: join(folder, "admin"), id: join(folder, "id") };
    const { status, stderr } = run(
      ...["--config-yaml", JSON.stringify(direct("here")), "--mode", "init_only", "--concurrency", "1"],
      ...["--admin-address-path", paths.admin, "--base-id", "7", "--base-id-path", paths.id],
    );
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining("listener 'front'") });
    expect(readFileSync(paths.admin, "utf8")).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(readFileSync(paths.id, "utf8")).toBe("7");
  });

  it("says at the end of its log why a config cannot be served", () => {
    const file = join(temporaryFolder(), "bad.yaml");
    writeFileSync(file, "static_resources:\n  listeners:\n    - nam: x\nadmin: 5\n");
    const { status, stdout, stderr } = run("-c", file);
    expect([status, stdout]).toEqual([1, ""]);
    const lines = stderr.trimEnd().split("\n");
    expect(lines.at(-2)).toMatch(new RegExp(`^${file}:3:\\d+: static_resources\\.listeners\\[0\\]\\.nam: .*name`));
    expect(lines.at(-1)).toMatch(new RegExp(`^${file}:4:\\d+: admin: `));
  });

  it("wants a config", () => {
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      "At least one of --config-path or --config-yaml or Options::configProto() should be non-empty",
    );
  });

  it("refuses flags like Envoy's parser", () => {
    const { status, stdout, stderr } = run("--foo");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^PARSE ERROR: Argument: --foo\n {13}Couldn't find match for argument\n\nBrief USAGE: \n/);
    expect(run("--mode", "x")).toMatchObject({ status: 1, stderr: "error: unknown mode 'x'\n" });
    expect(run("--hot-restart-version")).toMatchObject({ status: 0, stderr: "11.104" });
  });

  it("says which file of its command line it cannot use", () => {
    const folder = temporaryFolder();
    for (const words of [
      ["-c", "x.yaml", "--log-path", folder],
      ["--mode", "validate", "--files-from", join(folder, "absent")],
      ["--config-yaml", JSON.stringify(direct("here")), "--base-id-path", join(folder, "absent/id")],
    ]) {
      const { status, stderr } = run(...words);
      expect([status, stderr.trimEnd().split("\n").at(-1)]).toEqual([
        1,
        expect.stringMatching(`^error: E.*'${folder}`),
      ]);
    }
  });

  it("judges many files at once, with a line of JSON for each", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "good.json"), JSON.stringify(direct("here")));
    writeFileSync(join(folder, "bad.yaml"), "static_resources:\n  listeners:\n    - nam: x\n");
    const files = ["good.json", "bad.yaml", "absent.yaml"].map((name) => join(folder, name));
    writeFileSync(join(folder, "list"), `${files.join("\n")}\n`);
    const { status, stdout } = run("--mode", "validate", "--files-from", join(folder, "list"));
    expect(status).toBe(1);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { file: files[0], ok: true, message: "" },
      { file: files[1], ok: false, message: expect.stringContaining("bad.yaml:3:") },
      { file: files[2], ok: false, message: expect.stringContaining("cannot be read") },
    ]);
  });
});
