// The ClientHello of real clients and of bad ones, in every piece and record that it may come in, against a plain reader.

import { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { readClientHello } from "../../../host/wasm/client_hello.ts";
import { Core } from "../../../host/wasm/core.ts";
import {
  clientHello,
  extension,
  inRecords,
  list8,
  list16,
  numbers,
  readSlowly,
  serverName,
} from "../../support/client_hellos.ts";
import { randomNumbers } from "../../support/random.ts";

const core = new Core();

/** `more`, `none`, or server name and protocols. */
function read(bytes: Buffer): string {
  const answer = readClientHello(core, bytes);
  if (typeof answer === "number") return "more";
  return answer === "none" ? "none" : `${answer.serverName}?${answer.protocols.join()}`;
}

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

describe("a ClientHello", () => {
  let hello: Buffer;

  beforeAll(async () => {
    hello = await helloOf({ servername: "A.Example", ALPNProtocols: ["h2", "http/1.1"] });
  });

  it("tells server name and protocols", async () => {
    expect(read(hello)).toBe("a.example?h2,http/1.1");
    expect(read(await helloOf({}))).toBe("?");
  });

  it("is read once it is whole, and not before, wherever it is cut", () => {
    for (let cut = 1; cut < hello.length; cut++) {
      const answer = readClientHello(core, hello.subarray(0, cut));
      // Never more than there is to come, never less than there is.
      expect(answer, `${cut}`).toBe(cut < 5 ? 5 : hello.length);
    }
    expect(read(Buffer.concat([hello, Buffer.from("early data")]))).toBe("a.example?h2,http/1.1");
  });

  it.each([1, 3, 4, 50])("is read from records of %i bytes", (bytes) => {
    const pieces = inRecords(hello, bytes);
    expect(read(pieces)).toBe("a.example?h2,http/1.1");
    for (let cut = 1; cut < pieces.length; cut += 7) expect(read(pieces.subarray(0, cut)), `${cut}`).toBe("more");
  });

  const sni = serverName("a.example");
  const alpn = (list: Buffer) => clientHello({ extensions: [sni, extension(16, list)] });

  it.each<[string, Buffer, string]>([
    ["no extensions", clientHello({ extensions: null }), "?"],
    ["none in their list", clientHello(), "?"],
    [
      "empty records before",
      Buffer.concat([Buffer.of(22, 3, 1, 0, 0), clientHello({ extensions: [sni] })]),
      "a.example?",
    ],
    ["protocols that are cut", alpn(list16(Buffer.of(5, 0x61, 0x62))), "a.example?"],
    ["a protocol without a name", alpn(list16(Buffer.of(0))), "a.example?"],
    ["another compression", clientHello({ extensions: [sni], compression: Buffer.of(1) }), "a.example?"],
    ["groups that are cut", clientHello({ extensions: [sni, extension(10, Buffer.of(0))] }), "a.example?"],
  ])("is read with %s", (_what, bytes, expected) => {
    expect(read(bytes)).toBe(expected);
    expect(readSlowly(bytes)).toBe(expected);
  });

  const bad = (...extensions: Buffer[]) => clientHello({ extensions });

  it.each<[string, Buffer]>([
    ["a request", Buffer.from("GET / HTTP/1.1\r\n")],
    ["its first byte", Buffer.from("G")],
    ["a record of another type", Buffer.of(23, 3, 1, 0, 4, 1, 0, 0, 0)],
    ["another message", Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0)],
    ["the begin of another message", Buffer.of(22, 3, 1, 0, 40, 2)],
    ["another version of records", Buffer.of(22, 2)],
    ["empty records without end", Buffer.alloc(5 * 40, Buffer.of(22, 3, 1, 0, 0))],
    ["a record that is too long", Buffer.of(22, 3, 1, 0xff, 0xff)],
    ["rubbish in a message", Buffer.of(22, 3, 1, 0, 8, 1, 0, 0, 4, 97, 98, 99, 100)],
    ["a session id that is too long", clientHello({ sessionId: Buffer.alloc(33) })],
    ["no ciphers", clientHello({ ciphers: [] })],
    ["no compression", clientHello({ compression: Buffer.alloc(0) })],
    ["an extension twice", bad(sni, extension(10, numbers(2, 29)), extension(10, numbers(2, 29)))],
    ["two names", bad(serverName("a.example", "b.example"))],
    ["an empty name", bad(serverName(""))],
    ["a name that is too long", bad(serverName("a".repeat(256)))],
    ["a name with a zero byte", bad(serverName("a\0b"))],
    ["no name", bad(extension(0, Buffer.alloc(2)))],
    ["an extension that is cut", bad(sni.subarray(0, -1))],
    ["half a cipher", Buffer.from(clientHello().toString("hex").replace("00080a0a", "00070a0a"), "hex")],
  ])("is not %s", (_what, bytes) => {
    expect(read(bytes)).toBe("none");
    expect(readSlowly(bytes)).toBe("none");
  });

  it("with any bytes changed is what the plain reader says it is", () => {
    const random = randomNumbers(11);
    const pick = (count: number) => Math.floor(random() * count);
    const seeds = [
      hello,
      inRecords(hello, 40),
      clientHello({ extensions: [sni, extension(16, list16(list8(Buffer.from("h2"))))] }),
      inRecords(clientHello({ extensions: [sni] }), 9),
    ];
    const answers = new Map<string, number>();
    for (let round = 0; round < 20_000; round++) {
      const changed = Buffer.from(seeds[pick(seeds.length)] as Buffer);
      // Lengths are near the front, and matter more than random bytes.
      for (let count = pick(4); count > 0; count--) changed[pick(round % 2 ? 130 : changed.length)] = pick(256);
      const bytes = changed.subarray(0, pick(5) === 0 ? 1 + pick(changed.length) : undefined);
      const answer = read(bytes);
      expect(answer, bytes.toString("hex")).toBe(readSlowly(bytes));
      const kind = answer.replace(/^.*\?.*$/s, "found");
      answers.set(kind, (answers.get(kind) ?? 0) + 1);
    }
    // The rounds saw everything there is.
    for (const kind of ["more", "none", "found"]) expect(answers.get(kind), kind).toBeGreaterThan(500);
  });
});
