/** What a client gets when its upstream answers nonsense, stops, or goes: the right status, soon, and never a hung request. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProxy, type Proxy as RunningProxy } from "../../host/index.ts";
import { plainConfig } from "../support/plain_config.ts";

interface Case {
  readonly name: string;
  /** What the upstream says to the request. */
  readonly says: string;
  /** Then it ends, resets, or stays. */
  readonly does: "end" | "reset" | "stay";
  /** The client's status line and content; null: the connection is cut behind what came. */
  readonly status: number;
  readonly content: string | null;
}

const TERMINATED = "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
const NONSENSE = "upstream connect error or disconnect/reset before headers. reset reason: protocol error";

const CASES: readonly Case[] = [
  { name: "nothing, and ends", says: "", does: "end", status: 503, content: TERMINATED },
  { name: "nothing, and resets", says: "", does: "reset", status: 503, content: TERMINATED },
  { name: "half a status line, and ends", says: "HTTP/1.1 20", does: "end", status: 503, content: TERMINATED },
  { name: "half a head, and ends", says: "HTTP/1.1 200 OK\r\nFoo: b", does: "end", status: 503, content: TERMINATED },
  {
    name: "half a head, and resets",
    says: "HTTP/1.1 200 OK\r\nFoo: b",
    does: "reset",
    status: 503,
    content: TERMINATED,
  },
  { name: "another protocol", says: "SSH-2.0-x\r\n", does: "stay", status: 502, content: NONSENSE },
  { name: "another version", says: "HTTP/2.0 200 OK\r\n\r\n", does: "stay", status: 502, content: NONSENSE },
  { name: "a bare CR", says: "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", does: "stay", status: 502, content: NONSENSE },
  {
    name: "both framings",
    says: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    does: "stay",
    status: 502,
    content: NONSENSE,
  },
  {
    name: "101 unasked",
    says: "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    does: "stay",
    status: 502,
    content: NONSENSE,
  },
  {
    name: "less content than announced",
    says: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
    does: "end",
    status: 200,
    content: null,
  },
  {
    name: "a malformed chunk behind a good one",
    says: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nzz\r\n",
    does: "stay",
    status: 200,
    content: null,
  },
  {
    name: "no last chunk",
    says: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    does: "end",
    status: 200,
    content: null,
  },
  {
    name: "content until close",
    says: "HTTP/1.1 200 OK\r\n\r\nall of it",
    does: "end",
    status: 200,
    content: "all of it",
  },
  {
    name: "content until close in HTTP/1.0",
    says: "HTTP/1.0 200 OK\r\n\r\nold",
    does: "end",
    status: 200,
    content: "old",
  },
  {
    name: "more than it announced",
    says: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    does: "stay",
    status: 200,
    content: "hi",
  },
  {
    name: "an interim response first",
    says: "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    does: "stay",
    status: 200,
    content: "hi",
  },
  {
    name: "204 with a length of 0",
    says: "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",
    does: "stay",
    status: 204,
    content: "",
  },
];

let upstream: Server;
let proxy: RunningProxy;
let port = 0;
const open = new Set<Socket>();

beforeAll(async () => {
  upstream = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.on("data", (bytes) => {
      const one = CASES[Number(/^GET \/(\d+) /.exec(bytes.toString("latin1"))?.[1])] as Case;
      if (one.says !== "") socket.write(Buffer.from(one.says, "latin1"));
      if (one.does === "end") socket.end();
      // What was written leaves before the reset.
      else if (one.does === "reset") setImmediate(() => socket.resetAndDestroy());
    });
  });
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  proxy = await createProxy({ config: plainConfig(upstreamPort), concurrency: 1, onLogLine: () => {} });
  port = Number(proxy.listeners[0]?.addresses[0]?.split(":")[1]);
});

afterAll(async () => {
  await proxy.stop();
  for (const socket of open) socket.destroy();
  upstream.close();
});

describe("an upstream says", () => {
  it.each(CASES.map((one, i) => [one.name, i] as const))("%s", async (_name, i) => {
    const { status, content } = CASES[i] as Case;
    const answer = await ask(`GET /${i} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    expect(answer.status, answer.text).toBe(status);
    if (content === null) expect(answer.isWhole, answer.text).toBe(false);
    else expect([answer.isWhole, answer.content]).toEqual([true, content]);
  });
});

interface Answer {
  readonly text: string;
  readonly status: number;
  readonly content: string;
  readonly isWhole: boolean;
}

/** Everything that comes back until the connection ends. */
function ask(request: string): Promise<Answer> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => done(read(text)));
    socket.write(request);
  });
}

/** The final response in `text`: a small reader of its own, so that the proxy's does not judge itself. */
function read(text: string): Answer {
  const final = text.replace(/^(HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)+/, "");
  const at = final.indexOf("\r\n\r\n");
  const head = final.slice(0, at).toLowerCase();
  const body = final.slice(at + 4);
  const status = Number(/^http\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
  if (status === 204) return { text, status, content: body, isWhole: body === "" };
  if (head.includes("transfer-encoding: chunked")) {
    const chunks = [...body.matchAll(/([0-9a-f]+)\r\n([\s\S]*?)\r\n/g)];
    const content = chunks.map(([, , data]) => data).join("");
    return { text, status, content, isWhole: body.endsWith("0\r\n\r\n") };
  }
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? -1);
  return { text, status, content: body, isWhole: body.length === length };
}
