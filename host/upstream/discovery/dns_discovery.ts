/**
 * The hosts of a cluster whose endpoints are names: resolved at start and again and again, each name on its own.
 *
 * STRICT_DNS: every address is a host. LOGICAL_DNS: one host, whose new connections go to the first address of the latest
 * answer; connections are never drained because it moved (Envoy: "Logical DNS"). A name that cannot be resolved
 * keeps the addresses it had; one that has no records any more has none.
 */

import type { Cluster } from "../../config/types/cluster.ts";
import { type DnsAnswer, DnsResolver } from "../../net/dns/resolver.ts";
import type { Counter, Scope } from "../../stats/scope.ts";
import type { PlainAddress } from "../host.ts";
import { draftHosts, type HostDraft, nameToResolve } from "../host_set.ts";
import { type DnsSettings, dnsSettings } from "./dns_settings.ts";

/** A name's state. */
interface Name {
  readonly name: string;
  addresses: readonly { readonly ip: string; readonly version: 4 | 6 }[];
  failures: number;
  timer: NodeJS.Timeout | null;
}

export class DnsDiscovery {
  private readonly cluster: Cluster;
  private readonly settings: DnsSettings;
  private readonly resolver: DnsResolver;
  private readonly isLogical: boolean;
  private readonly names = new Map<string, Name>();
  private readonly onChange: (hosts: readonly HostDraft[]) => void;
  private readonly attempt: Counter;
  private readonly success: Counter;
  private readonly failure: Counter;
  private readonly empty: Counter;
  private readonly noRebuild: Counter;
  private isStopped = false;

  /** @param scope `cluster.<name>.` @throws Error when a resolver's address is none */
  constructor(cluster: Cluster, isLogical: boolean, scope: Scope, onChange: (hosts: readonly HostDraft[]) => void) {
    this.cluster = cluster;
    this.isLogical = isLogical;
    this.onChange = onChange;
    this.settings = dnsSettings(cluster);
    this.resolver = new DnsResolver(this.settings.resolver);
    this.attempt = scope.counter("update_attempt");
    this.success = scope.counter("update_success");
    this.failure = scope.counter("update_failure");
    this.empty = scope.counter("update_empty");
    this.noRebuild = scope.counter("update_no_rebuild");
    for (const { lb_endpoints = [] } of cluster.load_assignment?.endpoints ?? []) {
      for (const { endpoint } of lb_endpoints) {
        const wanted = endpoint?.address === undefined ? null : nameToResolve(endpoint.address);
        if (wanted !== null)
          this.names.set(wanted.name, { name: wanted.name, addresses: [], failures: 0, timer: null });
      }
    }
  }

  /** The first round; resolves when each name has been asked for once, whatever came of it. */
  async start(): Promise<void> {
    await Promise.all([...this.names.values()].map((name) => this.refresh(name)));
  }

  /** The hosts as they are known now. */
  get hosts(): readonly HostDraft[] {
    return draftHosts(this.cluster.load_assignment, (name, port) => this.addressesOf(name, port), this.isLogical);
  }

  stop(): void {
    this.isStopped = true;
    this.resolver.cancel();
    for (const { timer } of this.names.values()) if (timer !== null) clearTimeout(timer);
  }

  private addressesOf(name: string, port: number): readonly PlainAddress[] {
    const found = this.names.get(name)?.addresses ?? [];
    return (this.isLogical ? found.slice(0, 1) : found).map(({ ip, version }) => ({ version, ip, port }));
  }

  private async refresh(name: Name): Promise<void> {
    name.timer = null;
    this.attempt.inc();
    const answer = await this.resolver.resolve(name.name, this.settings.family);
    if (this.isStopped) return;
    this.take(name, answer);
    const timer = setTimeout(() => void this.refresh(name), this.waitAfter(name, answer));
    timer.unref();
    name.timer = timer;
  }

  private take(name: Name, answer: DnsAnswer): void {
    if (answer.status === "failed") {
      this.failure.inc();
      name.failures++;
      return;
    }
    this.success.inc();
    name.failures = 0;
    if (answer.status === "no_records") this.empty.inc();
    const isSame = this.meaning(answer.addresses) === this.meaning(name.addresses);
    name.addresses = answer.addresses;
    if (isSame) this.noRebuild.inc();
    else this.onChange(this.hosts);
  }

  /** What of an answer counts: the first address, or all of them in whatever order. */
  private meaning(addresses: Name["addresses"]): string {
    const ips = addresses.map(({ ip }) => ip);
    return this.isLogical ? (ips[0] ?? "") : ips.sort().join(" ");
  }

  private waitAfter(name: Name, answer: DnsAnswer): number {
    const { settings } = this;
    if (answer.status === "failed" && settings.failureBaseMs > 0) {
      // Full jitter over a window that doubles, as Envoy's backoff.
      const window = Math.min(settings.failureBaseMs * 2 ** (name.failures - 1), settings.failureMaxMs);
      return Math.max(1, Math.random() * window);
    }
    let wait = settings.refreshMs;
    if (answer.status === "failed") return wait;
    if (settings.respectsTtl && answer.addresses.length > 0) {
      const ttl = Math.min(...answer.addresses.map((a) => a.ttlMs).filter((ms) => ms > 0));
      if (Number.isFinite(ttl)) wait = ttl;
    }
    return wait + Math.random() * settings.jitterMs;
  }
}
