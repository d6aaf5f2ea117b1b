import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { type IpAddress, ipAddress } from "../../../host/net/address.ts";
import { CidrList, cidrRange, parseCidr } from "../../../host/net/cidr.ts";

function ip(text: string): IpAddress {
  const address = ipAddress(text, 0);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}

describe("CIDR ranges", () => {
  it.each([
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["10.1.2.3/8", "10.200.0.1", true],
    ["0.0.0.0/0", "255.255.255.255", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "fd00::1", true],
    ["::/0", "127.0.0.1", false],
    ["192.168.1.77/32", "192.168.1.77", true],
    ["192.168.1.77", "192.168.1.78", false],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::1/128", "::1", true],
  ])("%s and %s: %s", (range, address, isInside) => {
    expect(parseCidr(range)?.contains(ip(address))).toBe(isInside);
  });

  it.each(["", "10.0.0.0/33", "::/129", "10.0.0/8", "example.com/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8"])(
    "refuses %j",
    (text) => {
      expect(parseCidr(text)).toBeNull();
    },
  );

  it("refuses a length that is no whole number", () => {
    expect(cidrRange("10.0.0.0", 7.5)).toBeNull();
  });

  it("agrees with ipaddr.js", () => {
    const four = fc.record({ left: fc.ipV4(), right: fc.ipV4(), bits: fc.nat(32) });
    const six = fc.record({ left: fc.ipV6(), right: fc.ipV6(), bits: fc.nat(128) });
    fc.assert(
      fc.property(fc.oneof(four, six), fc.boolean(), ({ left, right, bits }, same) => {
        const address = same ? left : right;
        const expected = ipaddr.parse(address).match(ipaddr.parse(left), bits);
        expect(cidrRange(left, bits)?.contains(ip(address))).toBe(expected);
      }),
    );
  });

  it("finds an address in a list of both families", () => {
    const list = new CidrList(
      ["10.0.0.0/8", "fd00::/8"].map((text) => parseCidr(text) as NonNullable<ReturnType<typeof parseCidr>>),
    );
    expect(["10.1.1.1", "fd12::1", "11.0.0.1", "fe80::1"].map((text) => list.contains(ip(text)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(new CidrList([]).contains(ip("10.0.0.1"))).toBe(false);
  });
});
