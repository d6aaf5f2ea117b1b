import { describe, expect, it } from "vitest";
import { IpAddress, ipAddress, ipAddressOfSocket, PipeAddress, parseAddress } from "../../../host/net/address.ts";

describe("addresses", () => {
  it.each(["127.0.0.1:80", "0.0.0.0:0", "[::1]:443", "[2001:db8::1]:65535", "/run/app.sock", "@abstract"])(
    "prints what it reads: %s",
    (text) => {
      expect(parseAddress(text)?.text).toBe(text);
    },
  );

  it.each([
    "",
    "localhost:80",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.1:80",
    "010.0.0.1:80",
    "256.0.0.1:80",
    "::1:80",
    "[::1]",
    "[127.0.0.1]:80",
    "[::1%lo]:80",
    "@",
    "relative.sock",
  ])("reads nothing into %j", (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["::FFFF:1.2.3.4", "::ffff:1.2.3.4"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ])("writes %s in its one canonical form", (written, canonical) => {
    expect(ipAddress(written, 1)?.ip).toBe(canonical);
  });

  it("refuses ports that are none", () => {
    expect([-1, 65_536, 1.5, Number.NaN].map((port) => ipAddress("127.0.0.1", port))).toEqual([null, null, null, null]);
  });

  it("takes an IPv4 peer of an IPv6 socket for what it is", () => {
    expect(ipAddressOfSocket("::ffff:10.0.0.1", 7)).toEqual(new IpAddress(4, "10.0.0.1", 7));
    expect(ipAddressOfSocket("fd00::1", 7).text).toBe("[fd00::1]:7");
  });

  it("gives the kernel a zero byte for the @ of an abstract name", () => {
    expect(new PipeAddress("@app").kernelPath).toBe("\0app");
    expect(new PipeAddress("/run/@app").kernelPath).toBe("/run/@app");
  });
});
