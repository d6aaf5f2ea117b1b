/**
 * CIDR ranges (RFC 4632, RFC 4291 2.3), compiled to 32-bit words so that matching an address is a few comparisons.
 */

import ipaddr from "ipaddr.js";
import { type IpAddress, ipAddress } from "./address.ts";

const BITS = { 4: 32, 6: 128 } as const;

/** A range of addresses of one family. IPv4 ranges take no IPv6 address and the other way round, as in Envoy. */
export class CidrRange {
  readonly version: 4 | 6;
  readonly prefixLength: number;
  private readonly prefix: Uint32Array;
  private readonly masks: Uint32Array;

  constructor(address: IpAddress, prefixLength: number) {
    this.version = address.version;
    this.prefixLength = prefixLength;
    const words = wordsOf(address);
    this.masks = words.map((_, index) => maskOfWord(prefixLength - index * 32));
    // Bits beyond the prefix do not count: 10.1.2.3/8 is 10.0.0.0/8.
    this.prefix = words.map((word, index) => word & (this.masks[index] as number));
  }

  contains(address: IpAddress): boolean {
    return address.version === this.version && this.containsWords(wordsOf(address));
  }

  /** For lists: the address' words are made once. */
  containsWords(words: Uint32Array): boolean {
    for (let index = 0; index < this.prefix.length; index++) {
      if (((words[index] as number) & (this.masks[index] as number)) >>> 0 !== this.prefix[index]) return false;
    }
    return true;
  }
}

/** Ranges of which any may match. */
export class CidrList {
  private readonly ranges: readonly CidrRange[];

  constructor(ranges: readonly CidrRange[]) {
    this.ranges = ranges;
  }

  contains(address: IpAddress): boolean {
    if (this.ranges.length === 0) return false;
    const words = wordsOf(address);
    return this.ranges.some((range) => range.version === address.version && range.containsWords(words));
  }
}

/**
 * A range from the two fields of config.core.v3.CidrRange.
 * @returns null when the prefix is no IP address or longer than the address.
 */
export function cidrRange(addressPrefix: string, prefixLength: number): CidrRange | null {
  const address = ipAddress(addressPrefix, 0);
  if (address === null || !Number.isInteger(prefixLength)) return null;
  if (prefixLength < 0 || prefixLength > BITS[address.version]) return null;
  return new CidrRange(address, prefixLength);
}

/** A range as people write it: "10.0.0.0/8". Without a length it is one address. Null for anything else. */
export function parseCidr(text: string): CidrRange | null {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  if (match === null) return null;
  const [, prefix, length] = match;
  const address = ipAddress(prefix ?? "", 0);
  if (address === null) return null;
  return cidrRange(address.ip, length === undefined ? BITS[address.version] : Number(length));
}

/** The address in network order: one word for IPv4, four for IPv6. */
function wordsOf(address: IpAddress): Uint32Array {
  if (address.version === 4) {
    let word = 0;
    for (const part of address.ip.split(".")) word = (word << 8) | Number(part);
    return Uint32Array.of(word);
  }
  const parts = ipaddr.IPv6.parse(address.ip).parts;
  const words = new Uint32Array(4);
  for (let index = 0; index < 8; index++) {
    words[index >> 1] = ((words[index >> 1] as number) << 16) | (parts[index] as number);
  }
  return words;
}

/** The mask of a word of which `bits` belong to the prefix; below 0 none, above 32 all. */
function maskOfWord(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - bits)) >>> 0;
}
