import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Address, IpAddress } from "../../../host/net/address.ts";
import { AdminBench } from "../../support/admin_context.ts";

let bench: AdminBench;
let server: ReturnType<AdminBench["server"]>;
let address: Address;

beforeEach(async () => {
  bench = new AdminBench();
  server = bench.server();
  address = await server.listen(new IpAddress(4, "127.0.0.1", 0));
});

afterEach(() => server.close());

function open(): Socket {
  if (address.kind !== "ip") throw new Error("not an IP address");
  return connect(address.port, address.ip);
}

/** Everything that comes until the server closes, or until `enough` is seen. */
async function talk(bytes: string, enough: string | null = null): Promise<string> {
  const socket = open();
  socket.write(bytes);
  let got = "";
  for await (const chunk of socket) {
    got += (chunk as Buffer).toString("latin1");
    if (enough !== null && got.includes(enough)) break;
  }
  return got;
}

const withoutDate = (answer: string) => answer.replace(/date: .* GMT/, "date: now");

describe("AdminServer", () => {
  it("answers with Envoy's headers and none of its own", async () => {
    const answer = await talk("GET /ready HTTP/1.1\r\nhost: a\r\n\r\n", "0\r\n\r\n");
    expect(withoutDate(answer)).toBe(
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=UTF-8\r\ncache-control: no-cache, max-age=0\r\n" +
        "x-content-type-options: nosniff\r\ndate: now\r\nserver: envoy\r\ntransfer-encoding: chunked\r\n\r\n" +
        "5\r\nLIVE\n\r\n0\r\n\r\n",
    );
    expect(bench.exchanges).toMatchObject([{ method: "GET", target: "/ready", status: 200, bodyBytes: 5 }]);
  });

  it("keeps the connection, answers in order, and takes HEAD", async () => {
    const twice =
      "HEAD /ready HTTP/1.1\r\nhost: a\r\n\r\nGET /hot_restart_version HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    const answer = await talk(twice);
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(answer).not.toContain("LIVE");
    expect(answer).toContain("8\r\ndisabled\r\n");
    expect(answer.match(/\r\nconnection: close\r\n/g)).toHaveLength(1);
  });

  it("reads a body that the page does not want", async () => {
    const answer = await talk("POST /logging HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc", "active loggers");
    expect(answer).toContain("200 OK");
  });

  it("answers nonsense with 400 and an end", async () => {
    expect(await talk("nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("answers 500 when a page breaks, and goes on", async () => {
    Object.assign(bench.context, {
      state: () => {
        throw new Error("broken");
      },
    });
    expect(await talk("GET /ready HTTP/1.1\r\nhost: a\r\n\r\n", "0\r\n\r\n")).toContain("500 Internal Server Error");
    expect(await talk("GET /certs HTTP/1.1\r\nhost: a\r\n\r\n", "0\r\n\r\n")).toContain("200 OK");
  });

  it("says which address is in use", async () => {
    const second = bench.server();
    await expect(second.listen(address)).rejects.toThrow("EADDRINUSE");
  });

  it("closes with clients connected", async () => {
    const socket = open();
    await once(socket, "connect");
    const closed = once(socket, "close");
    await server.close();
    await closed;
  });
});
