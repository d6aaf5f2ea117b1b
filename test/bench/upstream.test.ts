/** The bench's upstream, in C and in TypeScript, and the forwarder that is the floor. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expectedBody } from "../../bench/load/body.ts";
import { buildNative, type Program, twin } from "../../bench/load/native.ts";
import { Child } from "../../bench/machine/child.ts";
import { freePorts } from "../../bench/machine/ports.ts";

const folder = mkdtempSync(join(tmpdir(), "nuncio-test-upstream-"));
const native = buildNative(folder);
const subjects: [string, Program][] = [["TypeScript", twin("upstream.ts")]];
if (native.upstream.command !== process.execPath) subjects.push(["C", native.upstream]);

const children: Child[] = [];
afterAll(async () => {
  await Promise.all(children.map((child) => child.stop()));
  rmSync(folder, { recursive: true });
});

function startChild({ command, arguments: fixed }: Program, ports: readonly number[], lines: boolean): Child {
  const logFile = join(folder, "child.log");
  const child = new Child({ command, arguments: [...fixed, ...ports.map(String)], logFile, lines });
  children.push(child);
  return child;
}

describe.each(subjects)("upstream in %s", (_, program) => {
  it("answers on all its ports with the body that the generator expects, and shows a head as it came", async () => {
    const ports = await freePorts(2);
    const child = startChild(program, ports, true);
    await child.ask();
    for (const port of ports) {
      for (const bytes of [0, 1, 1024, 16_384]) {
        const answer = await fetch(`http://127.0.0.1:${port}/bytes/${bytes}`);
        expect(answer.status).toBe(200);
        expect(Buffer.from(await answer.arrayBuffer()).equals(expectedBody(bytes))).toBe(true);
      }
      const head = await (await fetch(`http://127.0.0.1:${port}/head`, { headers: { "x-mark": "here" } })).text();
      expect(head).toMatch(/^GET \/head HTTP\/1\.1\r\n(?:.*\r\n)*x-mark: here\r\n(?:.*\r\n)*\r\n$/);
    }
  });

  it("closes on what it does not know, so that wrong work cannot look fast", async () => {
    const ports = await freePorts(1);
    await startChild(program, ports, true).ask();
    for (const path of ["/", "/bytes/99999999", "/bytes/-1"]) {
      await expect(fetch(`http://127.0.0.1:${ports[0]}${path}`)).rejects.toThrow();
    }
    await expect(fetch(`http://127.0.0.1:${ports[0]}/head`, { method: "POST", body: "x" })).rejects.toThrow();
  });
});

describe.skipIf(native.forward === undefined)("floor", () => {
  it("forwards every byte to a reader that lets them wait", { timeout: 20_000 }, async () => {
    const [upstream, floor] = (await freePorts(2)) as [number, number];
    await startChild(native.upstream, [upstream], true).ask();
    startChild(native.forward as Program, [floor, upstream], false);
    const bytes = 1 << 20;
    const socket = await connectWhenReady(floor);
    // A reader that stops after every piece: the forwarder must keep what does not fit.
    const received: Buffer[] = [];
    let length = 0;
    socket.write(`GET /bytes/${bytes} HTTP/1.1\r\n\r\n`);
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        received.push(chunk);
        length += chunk.length;
        socket.pause();
        setImmediate(() => socket.resume());
        if (length > bytes) resolve();
      });
    });
    socket.destroy();
    const all = Buffer.concat(received);
    const body = all.subarray(all.indexOf("\r\n\r\n") + 4);
    expect(body.equals(expectedBody(bytes))).toBe(true);
  });
});

/** Connects as soon as somebody listens; the test's own time limit ends it otherwise. */
async function connectWhenReady(port: number) {
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1" });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (connected) return socket;
  }
}
