// The ClientHello of a real client, in every piece and record that it may come in, and in pieces that no client sends.

import { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { CLIENT_HELLO_MAX, ClientHelloReader } from "../../../../filters/listener/tls_inspector/client_hello.ts";
import { randomNumbers } from "../../../support/random.ts";

const readClientHello = (bytes: Buffer) => new ClientHelloReader().read(bytes);

/** What a client says first. */
function helloOf(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer) {
        resolve(chunk);
        socket.destroy();
      },
    });
    const client = tlsConnect({ socket, ...options });
    client.on("error", () => {});
  });
}

/** The same handshake message in records of so many bytes. */
function inRecords(hello: Buffer, bytes: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    const part = message.subarray(at, at + bytes);
    records.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 0xff), part);
  }
  return Buffer.concat(records);
}

describe("a ClientHello", () => {
  let hello: Buffer;
  const names = { serverName: "a.example", protocols: ["h2", "http/1.1"] };

  beforeAll(async () => {
    hello = await helloOf({ servername: "A.Example", ALPNProtocols: ["h2", "http/1.1"] });
  });

  it("tells server name and protocols", async () => {
    expect(readClientHello(hello)).toEqual(names);
    expect(readClientHello(await helloOf({}))).toEqual({ serverName: "", protocols: [] });
  });

  it("is read once it is whole, and not before, wherever it is cut", () => {
    for (let cut = 0; cut < hello.length; cut++) expect(readClientHello(hello.subarray(0, cut)), `${cut}`).toBe("more");
    expect(readClientHello(Buffer.concat([hello, Buffer.from("early data")]))).toEqual(names);
  });

  it.each([1, 3, 4, 50])("is read from records of %i bytes", (bytes) => {
    const pieces = inRecords(hello, bytes);
    expect(readClientHello(pieces)).toEqual(names);
    expect(readClientHello(pieces.subarray(0, -1))).toBe("more");
  });

  it.each([1, 3, 50])("is read by one reader byte by byte, from records of %i bytes", (bytes) => {
    const pieces = inRecords(hello, bytes);
    const reader = new ClientHelloReader();
    for (let cut = 0; cut < pieces.length; cut++) expect(reader.read(pieces.subarray(0, cut)), `${cut}`).toBe("more");
    expect(reader.read(pieces)).toEqual(names);
  });

  it("is refused above its size, wherever a read ends", () => {
    const head = Buffer.of(22, 3, 1, 0, 4, 1, 0, 0xff, 0xf0);
    // Records of one byte, and a read that ends within the head of one.
    const bytes = Buffer.concat([head, Buffer.alloc(6 * 11_000, Buffer.of(22, 3, 1, 0, 1, 0)), Buffer.of(22, 3)]);
    expect(readClientHello(bytes)).toBe("too large");
  });

  it.each([
    ["a request", Buffer.from("GET / HTTP/1.1\r\n")],
    ["a record of another type", Buffer.of(23, 3, 1, 0, 4, 1, 0, 0, 0)],
    ["another message", Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0)],
    ["another version of records", Buffer.of(22, 2)],
    ["an empty record", Buffer.of(22, 3, 1, 0, 0)],
    ["a record that is too long", Buffer.of(22, 3, 1, 0xff, 0xff)],
  ])("is not %s", (_what, bytes) => {
    expect(readClientHello(bytes)).toBe("not TLS");
  });

  it("is refused where it says that it is larger than can be", () => {
    const length = CLIENT_HELLO_MAX;
    expect(readClientHello(Buffer.of(22, 3, 1, 0x40, 0, 1, length >> 16, (length >> 8) & 0xff, length & 0xff))).toBe(
      "too large",
    );
  });

  it("with any byte changed is answered, and never thrown at", () => {
    const random = randomNumbers(11);
    for (let round = 0; round < 4_000; round++) {
      const changed = Buffer.from(hello);
      for (let count = 0; count < 3; count++)
        changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
      const answer = readClientHello(changed);
      if (typeof answer === "string") expect(["more", "not TLS", "too large"]).toContain(answer);
      else expect(answer.serverName.length).toBeLessThan(hello.length);
    }
  });
});
