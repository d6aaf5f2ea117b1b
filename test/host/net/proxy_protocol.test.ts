// PROXY headers as Envoy 1.40 answers them, whole and cut anywhere.
import { describe, expect, it } from "vitest";
import { IpAddress, PipeAddress } from "../../../host/net/address.ts";
import {
  mayBegin,
  PROXY_HEADER_MAX,
  readProxyHeader,
  V2_SIGNATURE,
  versionOf,
} from "../../../host/net/proxy_protocol.ts";
import { proxyBinary, proxyLine } from "../../../host/net/proxy_protocol_header.ts";
import { randomNumbers } from "../../support/random.ts";

const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const FOUR = "0a0102030a0908071267 01bb".replace(" ", "");

/** What a filter that insists on a header would find. */
function read(bytes: Buffer): string {
  const version = versionOf(bytes);
  if (version === 0) return "more";
  if (version === "none") return "none";
  const answer = readProxyHeader(bytes, version);
  if (typeof answer === "string") return answer === "bad" ? `bad v${version}` : answer;
  const { source, destination, tlvs, length } = answer;
  const of = source === null ? "itself" : `${source.text} ${destination?.text}`;
  const extensions = tlvs.map(({ type, value }) => ` ${type}=${value.toString("latin1")}`).join("");
  return `v${version} ${length} ${of}${extensions}`;
}

function binary(hex: string, rest = ""): Buffer {
  return Buffer.concat([V2_SIGNATURE, Buffer.from(hex, "hex"), Buffer.from(rest, "latin1")]);
}

const line = (text: string, rest = REQUEST) => Buffer.from(text + rest, "latin1");

const GOOD: readonly (readonly [string, Buffer, string])[] = [
  ["IPv4", line("PROXY TCP4 10.1.2.3 10.9.8.7 4711 443\r\n"), "v1 39 10.1.2.3:4711 10.9.8.7:443"],
  ["a space at the end", line("PROXY TCP4 10.1.2.3 10.9.8.7 4711 443 \r\n"), "v1 40 10.1.2.3:4711 10.9.8.7:443"],
  ["IPv6", line("PROXY TCP6 2001:db8::1 ::2 1 443\r\n"), "v1 34 [2001:db8::1]:1 [::2]:443"],
  ["port 0", line("PROXY TCP4 10.1.2.3 10.9.8.7 0 00443\r\n"), "v1 38 10.1.2.3:0 10.9.8.7:443"],
  ["UNKNOWN", line("PROXY UNKNOWN\r\n"), "v1 15 itself"],
  ["UNKNOWN with more", line("PROXY UNKNOWN a b c d e f g\r\n"), "v1 29 itself"],
  ["108 bytes", line(`PROXY UNKNOWN ${"x".repeat(92)}\r\n`), "v1 108 itself"],
  ["binary IPv4", binary(`2111000c${FOUR}`, REQUEST), "v2 28 10.1.2.3:4711 10.9.8.7:443"],
  ["binary datagrams", binary(`2112000c${FOUR}`, REQUEST), "v2 28 10.1.2.3:4711 10.9.8.7:443"],
  [
    "binary IPv6",
    binary(`21210024${"2001".padEnd(30, "0")}01${"2001".padEnd(30, "0")}0200010002`, REQUEST),
    "v2 52 [2001::1]:1 [2001::2]:2",
  ],
  ["LOCAL", binary("20000000", REQUEST), "v2 16 itself"],
  ["LOCAL with what is not looked at", binary("20110003616263", REQUEST), "v2 19 itself"],
  [
    "extensions",
    binary(`21110017${FOUR}0200016103000004000162`, REQUEST),
    "v2 39 10.1.2.3:4711 10.9.8.7:443 2=a 3= 4=b",
  ],
  [
    "the longest",
    binary(`2111ffff${FOUR}02fff0`, "z".repeat(65_520) + REQUEST),
    `v2 ${PROXY_HEADER_MAX} 10.1.2.3:4711 10.9.8.7:443 2=${"z".repeat(65_520)}`,
  ],
];

const BAD: readonly (readonly [string, Buffer, string])[] = [
  ["lower case", line("PROXY tcp4 10.1.2.3 10.9.8.7 4711 443\r\n"), "bad v1"],
  ["two spaces", line("PROXY  TCP4 10.1.2.3 10.9.8.7 4711 443\r\n"), "bad v1"],
  ["a port beyond", line("PROXY TCP4 10.1.2.3 10.9.8.7 65536 443\r\n"), "bad v1"],
  ["no number", line("PROXY TCP4 10.1.2.3 10.9.8.7 4711 x\r\n"), "bad v1"],
  ["multicast", line("PROXY TCP4 224.1.2.3 10.9.8.7 1 443\r\n"), "bad v1"],
  ["broadcast", line("PROXY TCP4 255.255.255.255 10.9.8.7 1 443\r\n"), "bad v1"],
  ["the wildcard", line("PROXY TCP4 0.0.0.0 10.9.8.7 1 443\r\n"), "bad v1"],
  ["leading zeros", line("PROXY TCP4 01.2.3.4 10.9.8.7 1 443\r\n"), "bad v1"],
  ["a short address", line("PROXY TCP4 1.2 10.9.8.7 1 443\r\n"), "bad v1"],
  ["the other family", line("PROXY TCP4 ::1 ::2 1 443\r\n"), "bad v1"],
  ["the other family of six", line("PROXY TCP6 1.2.3.4 1.2.3.4 1 443\r\n"), "bad v1"],
  ["multicast of six", line("PROXY TCP6 ff02::1 ::2 1 443\r\n"), "bad v1"],
  ["another word", line("PROXY UNKNOWNX\r\n"), "bad v1"],
  ["no word", line("PROXY \r\n"), "bad v1"],
  ["too few words", line("PROXY TCP4 10.1.2.3\r\n"), "bad v1"],
  ["a line that ends with LF", line("PROXY TCP4 10.1.2.3 10.9.8.7 4711 443\n"), "bad v1"],
  ["a line of another kind", line("GET\r\n", ""), "bad v1"],
  ["109 bytes", line(`PROXY UNKNOWN ${"x".repeat(93)}\r\n`), "none"],
  ["109 bytes without an end", line(`PROXY UNKNOWN ${"x".repeat(95)}`, ""), "none"],
  ["no space", line("PROXY\r\n"), "none"],
  ["a tab", line("PROXY\tTCP4 10.1.2.3 10.9.8.7 4711 443\r\n"), "none"],
  ["a request", line(REQUEST), "none"],
  ["an empty line and a request", line(`\r\n${REQUEST}`), "none"],
  ["no protocol", binary("21000000", REQUEST), "bad v2"],
  ["a unix socket", binary(`213100d8${"00".repeat(0xd8)}`, REQUEST), "bad v2"],
  ["version 1 in binary", binary(`1111000c${FOUR}`, REQUEST), "bad v2"],
  ["another command", binary(`2211000c${FOUR}`, REQUEST), "bad v2"],
  ["no transport", binary(`2110000c${FOUR}`, REQUEST), "bad v2"],
  ["a length that is too short", binary(`2111000b${FOUR}`, REQUEST), "bad v2"],
  ["multicast in binary", binary("2111000ce00102030a090807126701bb", REQUEST), "bad v2"],
  ["an extension without length", binary(`2111000e${FOUR}0200`, REQUEST), "bad v2"],
  ["an extension that is cut", binary(`21110010${FOUR}0200 0261`.replace(" ", ""), REQUEST), "bad v2"],
];

describe("a PROXY header", () => {
  it.each(GOOD)("is read: %s", (_what, bytes, expected) => {
    expect(read(bytes)).toBe(expected);
  });

  it.each(BAD)("is refused: %s", (_what, bytes, expected) => {
    expect(read(bytes)).toBe(expected);
  });

  it("asks for more until it is whole, wherever it is cut", () => {
    for (const [what, bytes, expected] of GOOD) {
      const { length } = /^v\d (?<length>\d+)/.exec(expected)?.groups ?? {};
      const whole = Number(length);
      const step = whole > 1_000 ? 997 : 1;
      for (let cut = 1; cut < whole; cut += step) {
        expect(read(bytes.subarray(0, cut)), `${what}, ${cut} bytes`).toBe("more");
      }
      expect(read(bytes.subarray(0, whole))).toBe(expected);
    }
  });

  it("may begin with what has come, or may not", () => {
    expect(mayBegin(Buffer.from("PRO"), 1)).toBe(true);
    expect(mayBegin(Buffer.from("PROX "), 1)).toBe(false);
    expect(mayBegin(Buffer.from("\r\n\r"), 2)).toBe(true);
    expect(mayBegin(Buffer.from("\r\nG"), 2)).toBe(false);
  });

  it("of nonsense is one of the answers, and takes no more than there is", () => {
    const next = randomNumbers(7);
    for (let round = 0; round < 5_000; round++) {
      const bytes = Buffer.from((GOOD[Math.floor(next() * (GOOD.length - 1))] as (typeof GOOD)[number])[1]);
      for (let flips = 0; flips < 3; flips++) bytes[Math.floor(next() * Math.min(60, bytes.length))] = next() * 256;
      const cut = bytes.subarray(0, Math.floor(next() * (bytes.length + 1)));
      const version = cut.length === 0 ? 0 : versionOf(cut);
      if (version === 0 || version === "none") continue;
      const answer = readProxyHeader(cut, version);
      if (typeof answer === "string") continue;
      expect(answer.length).toBeLessThanOrEqual(cut.length);
      expect((answer.source === null) === (answer.destination === null)).toBe(true);
    }
  });

  const four = { source: new IpAddress(4, "10.1.2.3", 4711), destination: new IpAddress(4, "10.9.8.7", 443) };
  const six = { source: new IpAddress(6, "2001:db8::1", 1), destination: new IpAddress(6, "2001:db8::ff00:2", 2) };
  const tlvs = [
    { type: 0xf0, value: Buffer.from("abc") },
    { type: 2, value: Buffer.alloc(0) },
  ];

  it("is written as it is read", () => {
    expect(proxyLine(four).toString()).toBe("PROXY TCP4 10.1.2.3 10.9.8.7 4711 443\r\n");
    expect(read(proxyLine(six))).toBe("v1 45 [2001:db8::1]:1 [2001:db8::ff00:2]:2");
    expect(read(proxyBinary(four, tlvs))).toBe("v2 37 10.1.2.3:4711 10.9.8.7:443 240=abc 2=");
    expect(read(proxyBinary(six, []))).toBe("v2 52 [2001:db8::1]:1 [2001:db8::ff00:2]:2");
  });

  it("says nothing of addresses that it has no words for", () => {
    const pipe = { source: new PipeAddress(""), destination: four.destination };
    expect(read(proxyLine(pipe))).toBe("v1 15 itself");
    expect(read(proxyBinary(pipe, tlvs))).toBe("v2 16 itself");
    expect(read(proxyLine({ source: four.source, destination: six.destination }))).toBe("v1 15 itself");
  });

  it("carries the extensions that there is room for", () => {
    const large = { type: 1, value: Buffer.alloc(40_000, "x") };
    const answer = readProxyHeader(proxyBinary(four, [large, large, ...tlvs]), 2);
    expect(typeof answer === "object" && answer.tlvs.map(({ type }) => type)).toEqual([1]);
  });
});
