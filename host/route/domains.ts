/** Domains of virtual hosts -> the three hash tables of the match program. */

import {
  DOMAIN_HASH,
  DOMAIN_LENGTH,
  DOMAIN_SLOT_BYTES,
  DOMAIN_TEXT,
  DOMAIN_VIRTUAL_HOST,
  DOMAINS_BYTES,
  DOMAINS_LENGTH_COUNT,
  DOMAINS_LENGTHS,
  DOMAINS_MASK,
  DOMAINS_SLOTS,
  ROUTES_DEFAULT,
  ROUTES_EXACT,
  ROUTES_PREFIX,
  ROUTES_SUFFIX,
} from "../wasm/layout.gen.ts";
import { lowerAscii, type ProgramWriter, utf8 } from "./program_writer.ts";

export type Domain = {
  readonly domain: string;
  /** Offset of the virtual host's record. */
  readonly virtualHost: number;
};

/** The core's hash of a text. */
export type TextHash = (text: Uint8Array) => number;

/** Writes the tables into the program whose head is at offset 0. Throws an Error when a domain is there twice. */
export function writeDomains(writer: ProgramWriter, domains: readonly Domain[], hash: TextHash): void {
  const exact = new Map<string, number>();
  const suffixes = new Map<string, number>();
  const prefixes = new Map<string, number>();
  let fallback = 0;
  for (const { domain, virtualHost } of domains) {
    const text = lowerAscii(domain);
    let table = exact;
    let key = text;
    if (text === "*") {
      if (fallback !== 0) throw new Error("only a single wildcard domain is permitted");
      fallback = virtualHost;
      continue;
    }
    if (text.startsWith("*")) {
      table = suffixes;
      key = text.slice(1);
    } else if (text.endsWith("*")) {
      table = prefixes;
      key = text.slice(0, -1);
    }
    if (table.has(key)) throw new Error(`only unique values for domains are permitted: ${domain} is there twice`);
    table.set(key, virtualHost);
  }
  writer.u32(ROUTES_DEFAULT, fallback);
  writer.u32(ROUTES_EXACT, writeTextTable(writer, exact, hash));
  writer.u32(ROUTES_SUFFIX, writeTextTable(writer, suffixes, hash));
  writer.u32(ROUTES_PREFIX, writeTextTable(writer, prefixes, hash));
}

/**
 * Writes a hash table from texts to offsets; 0 for an empty one. At most half of the slots are taken, so that a miss ends
 * soon. @returns its offset
 */
export function writeTextTable(writer: ProgramWriter, entries: ReadonlyMap<string, number>, hash: TextHash): number {
  if (entries.size === 0) return 0;
  const slotCount = 2 ** Math.ceil(Math.log2(entries.size * 2));
  const table = writer.reserve(DOMAINS_BYTES);
  const slots = writer.reserve(slotCount * DOMAIN_SLOT_BYTES);
  const lengths = new Set<number>();
  const taken = new Set<number>();
  for (const [text, virtualHost] of entries) {
    const bytes = utf8(text);
    lengths.add(bytes.length);
    const hashed = hash(bytes) >>> 0;
    let slot = (hashed & (slotCount - 1)) >>> 0;
    while (taken.has(slot)) slot = (slot + 1) % slotCount;
    taken.add(slot);
    const at = slots + slot * DOMAIN_SLOT_BYTES;
    writer.u32(at + DOMAIN_HASH, hashed);
    writer.u32(at + DOMAIN_TEXT, writer.text(bytes));
    writer.u32(at + DOMAIN_LENGTH, bytes.length);
    writer.u32(at + DOMAIN_VIRTUAL_HOST, virtualHost);
  }
  const longestFirst = [...lengths].sort((a, b) => b - a);
  const lengthList = writer.reserve(longestFirst.length * 4);
  longestFirst.forEach((length, i) => {
    writer.u32(lengthList + i * 4, length);
  });
  writer.u32(table + DOMAINS_MASK, slotCount - 1);
  writer.u32(table + DOMAINS_SLOTS, slots);
  writer.u32(table + DOMAINS_LENGTH_COUNT, longestFirst.length);
  writer.u32(table + DOMAINS_LENGTHS, lengthList);
  return table;
}
