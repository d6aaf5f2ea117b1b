/**
 * Names to addresses, in the order of a host's own resolver: an address is itself; the hosts file; `localhost`
 * (RFC 6761 6.3); then the servers, by c-ares, along the search list.
 *
 * Outcomes follow Envoy's c-ares resolver: a name without records is an answer (an empty list), not a failure; which
 * families are asked for is `config.cluster.v3.Cluster.DnsLookupFamily`.
 */

import { promises as dns } from "node:dns";
import { ipAddress } from "../address.ts";
import { type HostEntry, HostsFile } from "./hosts_file.ts";
import { candidateNames, NO_SEARCH, readSearchRules, type SearchRules } from "./search_list.ts";

/** AUTO prefers IPv6, V4_PREFERRED IPv4: the other family is asked when the first has no address. */
export type DnsLookupFamily = "AUTO" | "V4_ONLY" | "V6_ONLY" | "V4_PREFERRED" | "ALL";

export interface ResolvedAddress {
  readonly ip: string;
  readonly version: 4 | 6;
  /** 0: without a time to live (an address as a name, the hosts file). */
  readonly ttlMs: number;
}

export type DnsAnswer =
  | { readonly status: "found"; readonly addresses: readonly ResolvedAddress[] }
  /** The servers say that there is no such name, or no address of the families asked for. */
  | { readonly status: "no_records"; readonly addresses: readonly [] }
  /** `code` as in node:dns: ETIMEOUT, ESERVFAIL, EREFUSED, ECONNREFUSED, ECANCELLED, ... */
  | { readonly status: "failed"; readonly addresses: readonly []; readonly code: string };

export interface DnsResolverOptions {
  /** "10.0.0.53", "10.0.0.53:5353", "[fd00::53]:53"; empty: those of resolv.conf. */
  readonly servers: readonly string[];
  /** For each try; grows with the tries. */
  readonly timeoutMs: number;
  readonly tries: number;
  /** False: names are looked up as they stand (Envoy's `no_default_search_domain`). */
  readonly usesSearchList: boolean;
  readonly hostsPath?: string;
  readonly resolvConfPath?: string;
}

const NO_RECORDS: DnsAnswer = { status: "no_records", addresses: [] };
/** These say that the name has no such record. EBADNAME and EBADQUERY: nor can it have one. */
const EMPTY_CODES: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME", "EBADQUERY"]);
const LOCALHOST: readonly HostEntry[] = [
  { ip: "127.0.0.1", version: 4 },
  { ip: "::1", version: 6 },
];

export class DnsResolver {
  private readonly resolver: dns.Resolver;
  private readonly hosts: HostsFile;
  private readonly search: SearchRules;

  /** @throws Error when a server is not an address. */
  constructor(options: DnsResolverOptions) {
    this.resolver = new dns.Resolver({ timeout: options.timeoutMs, tries: options.tries });
    if (options.servers.length > 0) this.resolver.setServers(options.servers);
    this.hosts = new HostsFile(options.hostsPath ?? "/etc/hosts");
    this.search = options.usesSearchList ? readSearchRules(options.resolvConfPath ?? "/etc/resolv.conf") : NO_SEARCH;
  }

  /** Never rejects. */
  async resolve(name: string, family: DnsLookupFamily): Promise<DnsAnswer> {
    const literal = ipAddress(name, 0);
    if (literal !== null) return pick([{ ip: literal.ip, version: literal.version }], family);
    const bare = name.endsWith(".") ? name.slice(0, -1) : name;
    const listed = pick(this.hosts.lookup(bare), family);
    if (listed.status === "found") return listed;
    if (/^(.*\.)?localhost$/i.test(bare)) return pick(LOCALHOST, family);
    return this.askServers(name, family);
  }

  /** Outstanding questions fail with ECANCELLED. */
  cancel(): void {
    this.resolver.cancel();
  }

  private async askServers(name: string, family: DnsLookupFamily): Promise<DnsAnswer> {
    for (const candidate of candidateNames(name, this.search)) {
      const answer = await this.askFamilies(candidate, family);
      if (answer.status !== "no_records") return answer;
    }
    return NO_RECORDS;
  }

  private async askFamilies(name: string, family: DnsLookupFamily): Promise<DnsAnswer> {
    switch (family) {
      case "V4_ONLY":
        return this.ask(name, 4);
      case "V6_ONLY":
        return this.ask(name, 6);
      case "ALL": {
        const [six, four] = await Promise.all([this.ask(name, 6), this.ask(name, 4)]);
        const addresses = [...six.addresses, ...four.addresses];
        if (addresses.length > 0) return { status: "found", addresses };
        return six.status === "failed" ? six : four;
      }
      default: {
        const [first, second] = family === "V4_PREFERRED" ? ([4, 6] as const) : ([6, 4] as const);
        const answer = await this.ask(name, first);
        return answer.status === "found" ? answer : this.ask(name, second);
      }
    }
  }

  private async ask(name: string, version: 4 | 6): Promise<DnsAnswer> {
    try {
      const records =
        version === 4
          ? await this.resolver.resolve4(name, { ttl: true })
          : await this.resolver.resolve6(name, { ttl: true });
      const addresses = records.map(({ address, ttl }) => ({ ip: address, version, ttlMs: ttl * 1_000 }));
      return addresses.length === 0 ? NO_RECORDS : { status: "found", addresses };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== undefined && EMPTY_CODES.has(code)) return NO_RECORDS;
      return { status: "failed", addresses: [], code: code ?? String(error) };
    }
  }
}

/** What of known addresses the family admits; the preferred family alone where it has any. */
function pick(entries: readonly HostEntry[], family: DnsLookupFamily): DnsAnswer {
  const of = (version: 4 | 6) => entries.filter((entry) => entry.version === version);
  const [six, four] = [of(6), of(4)];
  const chosen: Record<DnsLookupFamily, readonly HostEntry[]> = {
    V4_ONLY: four,
    V6_ONLY: six,
    ALL: [...six, ...four],
    AUTO: six.length > 0 ? six : four,
    V4_PREFERRED: four.length > 0 ? four : six,
  };
  const addresses = chosen[family].map(({ ip, version }) => ({ ip, version, ttlMs: 0 }));
  return addresses.length === 0 ? NO_RECORDS : { status: "found", addresses };
}
