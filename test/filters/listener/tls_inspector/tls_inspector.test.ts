// What the filter learns from a beginning, and what it answers; fingerprints as Envoy 1.40 gives them.
import { beforeEach, describe, expect, it } from "vitest";
import type { TlsInspectorConfig } from "../../../../filters/listener/tls_inspector/config.ts";
import { tlsInspector } from "../../../../filters/listener/tls_inspector/tls_inspector.ts";
import type { HttpWorker } from "../../../../host/http/http_worker.ts";
import { type Inspector, LOOK_MORE, LOOK_REFUSED } from "../../../../host/listener/filter.ts";
import { ConnectionFacts } from "../../../../host/stream_info/connection_facts.ts";
import { Core } from "../../../../host/wasm/core.ts";
import {
  clientHello,
  extension,
  inRecords,
  list8,
  list16,
  numbers,
  serverName,
} from "../../../support/client_hellos.ts";
import { CountingRoot } from "../../../support/counting_root.ts";

const core = new Core();
const sni = serverName("A.Example");

let stats: CountingRoot;
let facts: ConnectionFacts;

beforeEach(() => {
  stats = new CountingRoot();
  facts = new ConnectionFacts();
});

function inspector(config: TlsInspectorConfig = {}): Inspector {
  const worker = { core, stats: { root: stats } } as unknown as HttpWorker;
  return tlsInspector.create(config, { worker }).open(facts) as Inspector;
}

describe("tls_inspector", () => {
  it("notes name and protocols, and takes nothing", () => {
    const alpn = extension(16, list16(list8(Buffer.from("h2")), list8(Buffer.from("http/1.1"))));
    expect(inspector().look(clientHello({ extensions: [sni, alpn] }), facts)).toBe(0);
    expect(facts).toMatchObject({
      transportProtocol: "tls",
      serverName: "a.example",
      applicationProtocols: ["h2", "http/1.1"],
      ja3: "",
      ja4: "",
    });
    expect(stats.counts).toMatchObject({
      "tls_inspector.tls_found": 1,
      "tls_inspector.sni_found": 1,
      "tls_inspector.alpn_found": 1,
      "tls_inspector.tls_not_found": 0,
    });
  });

  it("waits for the whole of it, byte by byte and record by record", () => {
    const bytes = inRecords(clientHello({ extensions: [sni] }), 7);
    const one = inspector();
    for (let cut = 1; cut < bytes.length; cut++) expect(one.look(bytes.subarray(0, cut), facts)).toBe(LOOK_MORE);
    expect(one.look(bytes, facts)).toBe(0);
    expect(facts.serverName).toBe("a.example");
  });

  it.each([
    ["a request", Buffer.from("GET / HTTP/1.1\r\n"), "ClientHelloNotDetected"],
    ["one byte of it", Buffer.from("G"), "ClientHelloNotDetected"],
    ["a message that does not parse", clientHello({ compression: Buffer.alloc(0) }), "ClientHelloNotDetected"],
    ["a version of before", clientHello({ version: 0x0300, extensions: [sni] }), "ClientHelloInvalidTlsVersion"],
    ["a version to come", clientHello({ version: 0x0305, extensions: [sni] }), "ClientHelloInvalidTlsVersion"],
  ])("finds no TLS in %s, and refuses it where that is asked for", (_what, bytes, reason) => {
    expect(inspector().look(bytes, facts)).toBe(0);
    expect(facts.transportProtocol).toBe("");
    expect(facts.metadata).toEqual({ "envoy.filters.listener.tls_inspector": { failure_reason: reason } });
    expect(stats.counts["tls_inspector.tls_not_found"]).toBe(1);
    expect(inspector({ close_connection_on_client_hello_parsing_errors: true }).look(bytes, facts)).toBe(LOOK_REFUSED);
  });

  it("refuses what is larger than it may be, and looks at no more of it", () => {
    const large = clientHello({ extensions: [sni, extension(21, Buffer.alloc(16_384))] });
    expect(inspector().look(large, facts)).toBe(LOOK_REFUSED);
    const small = clientHello({ extensions: [sni] });
    expect(inspector({ max_client_hello_size: small.length - 1 }).look(small, facts)).toBe(LOOK_REFUSED);
    expect(stats.counts["tls_inspector.client_hello_too_large"]).toBe(2);
    const followed = Buffer.concat([small, Buffer.alloc(40_000)]);
    expect(inspector({ max_client_hello_size: small.length }).look(followed, facts)).toBe(0);
  });

  const grease = [
    extension(0x1a1a, Buffer.alloc(0)),
    serverName("a.example"),
    extension(10, list16(numbers(0x2a2a, 29, 23))),
    extension(11, list8(Buffer.of(0, 1))),
    extension(13, list16(numbers(0x0403, 0x0804))),
    extension(43, list8(numbers(0x3a3a, 0x0304, 0x0303))),
    extension(16, list16(list8(Buffer.from("\xabq", "latin1")), list8(Buffer.from("h2")))),
    extension(0x7a7a, Buffer.of(0)),
  ];
  const x = extension(16, list16(list8(Buffer.from("x"))));

  it.each([
    [
      "what is strewn in",
      { extensions: grease },
      "f794b4fcb39d8305c7912c408048dfd4",
      "t13d0306a1_5559582ccdc4_fb71836bce29",
    ],
    [
      "no extensions",
      { extensions: null, ciphers: [0x2f] },
      "fde4273625b2ac63bd01d9c500dac91b",
      "t12i010000_ba72b8082249_000000000000",
    ],
    [
      "a short protocol",
      { extensions: [sni, x] },
      "0e247c4a93e51bc943179337848a33ab",
      "t12d0302xx_5559582ccdc4_000000000000",
    ],
    [
      "TLS 1.1",
      { version: 0x0302, extensions: [sni] },
      "173b0f61c395d3d610fdf78a4a85ff9d",
      "t11d030100_5559582ccdc4_000000000000",
    ],
    [
      "no cipher that is meant",
      { ciphers: [0x0a0a], extensions: [sni] },
      "eb135aa01a32c0d5cf6ca9cc0f16d7f5",
      "t12d000100_000000000000_000000000000",
    ],
    [
      "a version unknown",
      { extensions: [sni, extension(43, list8(numbers(0x0305)))] },
      "5e80c008ee0ef54dc4549f38fae2b880",
      "t00d030200_5559582ccdc4_b9a491fefe05",
    ],
  ])("makes fingerprints: %s", (_what, parts, ja3, ja4) => {
    const config = { enable_ja3_fingerprinting: true, enable_ja4_fingerprinting: true };
    inspector(config).look(clientHello(parts), facts);
    expect([facts.ja3, facts.ja4]).toEqual([ja3, ja4]);
  });
});
