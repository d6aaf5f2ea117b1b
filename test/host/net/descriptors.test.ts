/** A listener in a process that runs out of file descriptors. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../support/programs/echo_listener.ts", import.meta.url));
/** Room for Node's own descriptors and about twenty connections. */
const DESCRIPTORS = 48;
const CONNECTIONS = 64;
/** A loop that spins turns many thousand times in this time; one that waits, a few times. A slow machine turns less. */
const OBSERVED_MS = 300;
const TURNS_MAX = 500;

let child: ChildProcess | null = null;
const clients = new Set<Socket>();

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  if (child !== null && child.exitCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
});

function client(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  // Those that find no descriptor on the other side are closed or reset; that is the point.
  socket.on("error", () => {});
  clients.add(socket);
  return socket;
}

async function line(lines: Interface, pattern: RegExp): Promise<RegExpMatchArray> {
  for (;;) {
    const [text] = (await once(lines, "line")) as [string];
    const match = text.match(pattern);
    if (match !== null) return match;
  }
}

async function turns(child: ChildProcess, lines: Interface): Promise<number> {
  const answer = line(lines, /^turns (\d+)$/);
  child.kill("SIGUSR2");
  return Number((await answer)[1]);
}

describe.each(["raw", "portable"])("descriptors run out: %s", (kind) => {
  it("says so once, does not spin, and accepts again when there are some", async (context) => {
    if (!canLowerLimit()) {
      console.log("descriptors: the shell cannot lower `ulimit -n` here, running out of them is not tested");
      context.skip();
    }
    const command = `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`;
    child = spawn("sh", ["-c", command, process.execPath, PROGRAM, kind, "0", "echo"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const troubles: string[] = [];
    lines.on("line", (text) => {
      if (text.startsWith("trouble")) troubles.push(text);
    });
    const port = Number((await line(lines, /^listening (\d+)$/))[1]);
    const inTrouble = line(lines, /^trouble EMFILE$/);
    for (let count = 0; count < CONNECTIONS; count++) client(port);
    await inTrouble;
    const turnsBefore = await turns(child, lines);
    await setTimeout(OBSERVED_MS);
    expect((await turns(child, lines)) - turnsBefore).toBeLessThan(TURNS_MAX);
    for (const socket of clients) socket.destroy();
    // Descriptors are there again: connections are served. The first tries may meet the end of the episode.
    let answer = "";
    while (answer === "") {
      const socket = client(port);
      socket.end("hello");
      socket.on("data", (chunk) => {
        answer += chunk.toString();
      });
      await new Promise((resolve) => socket.once("close", resolve));
    }
    expect(answer).toBe("echo hello");
    expect(troubles.length).toBe(1);
  });
});

function canLowerLimit(): boolean {
  try {
    return (
      execFileSync("sh", ["-c", `ulimit -n ${DESCRIPTORS} && ulimit -n`])
        .toString()
        .trim() === String(DESCRIPTORS)
    );
  } catch {
    return false;
  }
}
