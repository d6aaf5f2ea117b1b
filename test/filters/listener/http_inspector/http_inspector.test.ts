// The first line of a connection, as Envoy 1.40 takes it.
import { beforeEach, describe, expect, it } from "vitest";
import { FIRST_LINE_MAX, httpInspector } from "../../../../filters/listener/http_inspector/http_inspector.ts";
import type { HttpWorker } from "../../../../host/http/http_worker.ts";
import { LOOK_MORE, LOOK_REFUSED } from "../../../../host/listener/filter.ts";
import { ConnectionFacts } from "../../../../host/stream_info/connection_facts.ts";
import { CountingRoot } from "../../../support/counting_root.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

let stats: CountingRoot;
let facts: ConnectionFacts;

beforeEach(() => {
  stats = new CountingRoot();
  facts = new ConnectionFacts();
});

function filter() {
  return httpInspector.create({}, { worker: { stats: { root: stats } } as unknown as HttpWorker });
}

function look(text: string): number | undefined {
  return filter().open(facts)?.look(Buffer.from(text, "latin1"), facts);
}

describe("http_inspector", () => {
  it.each([
    ["GET / HTTP/1.1\r\nhost: a\r\n\r\n", "http/1.1", "http11_found"],
    ["GET / HTTP/1.1\n", "http/1.1", "http11_found"],
    ["FOO / HTTP/1.1\r\n", "http/1.1", "http11_found"],
    ["GET  / HTTP/1.1\r\n", "http/1.1", "http11_found"],
    ["GET / HTTP/1.1 \r\n", "http/1.1", "http11_found"],
    ["GET http://a/ HTTP/1.1\r\n", "http/1.1", "http11_found"],
    ["CONNECT a:443 HTTP/1.1\r\n", "http/1.1", "http11_found"],
    ["GET / HTTP/1.0\r\n", "http/1.0", "http10_found"],
    ["GET / HTTP/1.2\r\n", "http/1.0", "http10_found"],
    ["GET / HTTP/2.0\r\n", "http/1.0", "http10_found"],
    ["GET /\r\n", "http/1.0", "http10_found"],
    ["PRI * HTTP/2.0\r\nhost: a\r\n\r\n", "http/1.0", "http10_found"],
    [PREFACE, "h2c", "http2_found"],
    [`${PREFACE}\0\0`, "h2c", "http2_found"],
  ])("finds in %j %s", (text, protocol, counter) => {
    expect(look(text)).toBe(0);
    expect(facts.applicationProtocols).toEqual([protocol]);
    expect(stats.counts[`http_inspector.${counter}`]).toBe(1);
  });

  it.each([
    "\r\nGET / HTTP/1.1\r\n",
    "G(T / HTTP/1.1\r\n",
    "hello\r\n",
    "hello world\r\n",
    "a b c\r\n",
    "GET / XTTP/1.1\r\n",
    "GET /a b HTTP/1.1\r\n",
    "GET / HTTP/1.1x\r\n",
    "HTTP/1.1 200 OK\r\n",
  ])("finds no HTTP in %j", (text) => {
    expect(look(text)).toBe(0);
    expect(facts.applicationProtocols).toEqual([]);
    expect(stats.counts["http_inspector.http_not_found"]).toBe(1);
  });

  it("waits for the end of the line, and not for ever", () => {
    const inspector = filter().open(facts);
    const line = Buffer.from(`GET /${"a".repeat(FIRST_LINE_MAX)}`);
    for (const cut of [1, 3, 100, FIRST_LINE_MAX - 1])
      expect(inspector?.look(line.subarray(0, cut), facts)).toBe(LOOK_MORE);
    expect(inspector?.look(line.subarray(0, FIRST_LINE_MAX), facts)).toBe(LOOK_REFUSED);
    expect(stats.counts["http_inspector.read_error"]).toBe(1);
    for (let cut = 1; cut < PREFACE.length; cut++) expect(look(PREFACE.slice(0, cut))).toBe(LOOK_MORE);
  });

  it("does not look at TLS", () => {
    facts.transportProtocol = "tls";
    expect(filter().open(facts)).toBeNull();
  });
});
