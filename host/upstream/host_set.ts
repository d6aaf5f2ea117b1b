/**
 * The hosts of one cluster: described from a load assignment by the main thread, kept up to date by each worker.
 */

import { isIP, SocketAddress } from "node:net";
import type { Address as ConfigAddress } from "../config/types/core.ts";
import type { ClusterLoadAssignment } from "../config/types/endpoint.ts";
import type { Scope } from "../stats/scope.ts";
import type { LedgerView } from "../wasm/ledger.ts";
import { Host, type HostDescription, healthOf, hostStatName, type PlainAddress } from "./host.ts";

/** A host that has no cell in the ledger yet, and no key. */
export type HostDraft = Omit<HostDescription, "key" | "activeCell">;

/**
 * The endpoints of an assignment whose addresses are IPs or pipes, in the order of the config. A name to be resolved is the
 * caller's to replace by the addresses it found (`resolve` gives them; the name becomes the hostname unless the endpoint has one).
 * `isLogical`: what the name stands for is one host, wherever it moves.
 */
export function draftHosts(
  assignment: ClusterLoadAssignment | undefined,
  resolve: (name: string, port: number) => readonly PlainAddress[],
  isLogical = false,
): HostDraft[] {
  const drafts: HostDraft[] = [];
  for (const { lb_endpoints = [], locality = {}, priority = 0 } of assignment?.endpoints ?? []) {
    for (const { endpoint, health_status = "UNKNOWN", load_balancing_weight = 1, metadata } of lb_endpoints) {
      if (endpoint?.address === undefined) continue;
      const name = nameToResolve(endpoint.address);
      const addresses = name === null ? [plainAddress(endpoint.address)] : resolve(name.name, name.port);
      for (const address of addresses) {
        drafts.push({
          address,
          ...(isLogical && name !== null ? { logicalName: `${name.name}:${name.port}` } : {}),
          hostname: endpoint.hostname ?? name?.name ?? "",
          weight: load_balancing_weight,
          priority,
          healthStatus: health_status,
          locality,
          ...(metadata?.filter_metadata === undefined ? {} : { metadata: metadata.filter_metadata }),
        });
      }
    }
  }
  return drafts;
}

/** The name and port of an address that has to be resolved; null for IPs and pipes. */
export function nameToResolve(address: ConfigAddress): { name: string; port: number } | null {
  const socket = address.socket_address;
  if (socket === undefined || isIP(socket.address) !== 0) return null;
  return { name: socket.address, port: socket.port_value ?? 0 };
}

function plainAddress(address: ConfigAddress): PlainAddress {
  const socket = address.socket_address;
  if (socket === undefined) return { path: address.pipe?.path ?? "" };
  const port = socket.port_value ?? 0;
  if (isIP(socket.address) !== 6) return { version: 4, ip: socket.address, port };
  // Printed as the system prints it, so that one host has one name.
  return { version: 6, ip: new SocketAddress({ address: socket.address, family: "ipv6" }).address, port };
}

/**
 * Gives each draft the key that tells it from the others of its cluster: the address or, where it may change, the name; the
 * priority; and a number where both repeat.
 */
export function keyHosts(drafts: readonly HostDraft[]): (HostDraft & { readonly key: string })[] {
  const seen = new Map<string, number>();
  return drafts.map((draft) => {
    const base = `${hostStatName(draft)}|${draft.priority}`;
    const times = seen.get(base) ?? 0;
    seen.set(base, times + 1);
    return { ...draft, key: times === 0 ? base : `${base}|${times}` };
  });
}

/** Values of the gauges `membership_total`, `membership_healthy`, `membership_degraded`. */
export function countMembership(hosts: readonly HostDraft[]): { total: number; healthy: number; degraded: number } {
  let healthy = 0;
  let degraded = 0;
  for (const host of hosts) {
    const health = healthOf(host.healthStatus);
    if (health === "healthy") healthy++;
    else if (health === "degraded") degraded++;
  }
  return { total: hosts.length, healthy, degraded };
}

/** The hosts of one cluster in one worker. */
export class HostSet {
  private readonly ledger: LedgerView;
  private readonly scope: Scope;
  private byKey = new Map<string, Host>();
  private list: readonly Host[] = [];

  /** `scope` is that of the cluster's stats. */
  constructor(ledger: LedgerView, scope: Scope) {
    this.ledger = ledger;
    this.scope = scope;
  }

  /** In the order of the snapshot. */
  get hosts(): readonly Host[] {
    return this.list;
  }

  /**
   * Takes the hosts of a new snapshot. A host whose key stays keeps its object, and with it its connections; what is in
   * flight on a removed one goes on, and its pools are the caller's to drain. What `use` throws on seeing the new list is
   * thrown on, and nothing has changed then.
   */
  update(
    descriptions: readonly HostDescription[],
    use: (hosts: readonly Host[]) => void = () => undefined,
  ): { added: readonly Host[]; removed: readonly Host[] } {
    const before = this.byKey;
    const described = this.list.map((host) => [host, host.description] as const);
    const after = new Map<string, Host>();
    const added: Host[] = [];
    const list: Host[] = [];
    for (const description of descriptions) {
      let host = before.get(description.key);
      if (host === undefined) {
        host = new Host(description, this.ledger, this.scope);
        added.push(host);
      } else {
        host.redescribe(description);
      }
      after.set(description.key, host);
      list.push(host);
    }
    try {
      use(list);
    } catch (error) {
      for (const host of added) host.retire();
      for (const [host, description] of described) host.redescribe(description);
      throw error;
    }
    const removed = [...before.values()].filter((host) => !after.has(host.key));
    this.byKey = after;
    this.list = list;
    return { added, removed };
  }
}
