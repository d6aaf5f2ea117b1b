/**
 * A host of a cluster: what the main thread says of it (`HostDescription`, part of the snapshot), and what a worker keeps
 * for it (`Host`).
 */

import type { Locality } from "../config/types/core.ts";
import { type Address, IpAddress, PipeAddress } from "../net/address.ts";
import type { Scope, ScopeLease } from "../stats/scope.ts";
import type { FilterMetadata } from "../stream_info/metadata.ts";
import type { LedgerView, Permits } from "../wasm/ledger.ts";
import type { HttpConnPool, PooledHost } from "./conn_pool.ts";
import { HostStats } from "./host_stats.ts";

/** config.core.v3.HealthStatus. */
export type HealthStatus = "UNKNOWN" | "HEALTHY" | "UNHEALTHY" | "DRAINING" | "TIMEOUT" | "DEGRADED";

/** What a picker makes of it. */
export type Health = "healthy" | "degraded" | "unhealthy";

/** An address that can be sent to another thread. */
export type PlainAddress =
  | { readonly version: 4 | 6; readonly ip: string; readonly port: number }
  | { readonly path: string; readonly mode?: number };

/** Structured-clonable. */
export interface HostDescription {
  /** Tells this host from the others of its cluster, over updates; an address that is listed twice is two hosts. */
  readonly key: string;
  readonly address: PlainAddress;
  /**
   * `name.test:80`, when the host is whatever this name stands for at the moment (LOGICAL_DNS): its address may change, its
   * connections and numbers stay.
   */
  readonly logicalName?: string;
  /** `Endpoint.hostname`, or the name that was resolved; may be empty. */
  readonly hostname: string;
  /** 1 and more. */
  readonly weight: number;
  /** 0 is the first. */
  readonly priority: number;
  readonly healthStatus: HealthStatus;
  readonly locality: Locality;
  /** `LbEndpoint.metadata.filter_metadata`: facts about it by the name of who reads them. */
  readonly metadata?: FilterMetadata;
  /** Cell of the requests that are active on it; an address in the ledger. */
  readonly activeCell: number;
}

/** Whether it is one of those that try something out (`envoy.lb` metadata). */
export function isCanary({ metadata }: Pick<HostDescription, "metadata">): boolean {
  return metadata?.["envoy.lb"]?.["canary"] === true;
}

/** What a host is called among the values of hosts, below the scope of its cluster. */
export function hostStatName({ address, logicalName }: Pick<HostDescription, "address" | "logicalName">): string {
  return logicalName ?? addressText(address);
}

/** A host as one worker has it. It lives as long as its key is listed, and on until its last connection is closed. */
export class Host implements PooledHost {
  readonly key: string;
  /** Where new connections go. */
  address: Address;
  /** `127.0.0.1:80` */
  addressText: string;
  readonly stats: HostStats;
  /** Connections to this host by priority of the request (0 default, 1 high); filled by who lends them. */
  readonly pools: (HttpConnPool | undefined)[] = [];
  /** Those whose connections are for one name, or on behalf of one client, by that. */
  readonly ownPools = new Map<string, HttpConnPool>();
  private readonly statLease: ScopeLease;
  private readonly ledger: LedgerView;
  /** Where its active requests are counted. */
  private cell: number;
  private active: Permits;
  private current: HostDescription;

  /** `cluster` is the scope of the cluster's stats. */
  constructor(description: HostDescription, ledger: LedgerView, cluster: Scope) {
    this.key = description.key;
    this.address = addressOf(description.address);
    this.addressText = this.address.text;
    this.statLease = cluster.ofHosts().scope(hostStatName(description)).lease();
    this.stats = new HostStats(this.statLease.scope);
    this.ledger = ledger;
    this.cell = description.activeCell;
    this.active = ledger.permits(this.cell);
    this.current = description;
  }

  /** As it was last described. */
  get description(): HostDescription {
    return this.current;
  }

  get hostname(): string {
    return this.current.hostname;
  }

  get metadata(): FilterMetadata | undefined {
    return this.current.metadata;
  }

  get weight(): number {
    return this.current.weight;
  }

  get priority(): number {
    return this.current.priority;
  }

  get locality(): Locality {
    return this.current.locality;
  }

  get health(): Health {
    return healthOf(this.current.healthStatus);
  }

  get activeCell(): number {
    return this.cell;
  }

  /** The same host with another weight, health or name; a logical one may have moved. */
  redescribe(description: HostDescription): void {
    if (addressText(description.address) !== this.addressText) {
      this.address = addressOf(description.address);
      this.addressText = this.address.text;
    }
    // Gone and back before this worker could follow: while requests are active they stay where they were counted.
    if (description.activeCell !== this.cell && this.active.mine === 0) {
      this.cell = description.activeCell;
      this.active = this.ledger.permits(this.cell);
    }
    this.current = description;
  }

  /** No connection to it is left, and no request counts on it. */
  get isUnused(): boolean {
    return this.active.mine === 0 && this.allPools().every((pool) => pool.isUnused);
  }

  allPools(): HttpConnPool[] {
    return [...this.pools.filter((pool) => pool !== undefined), ...this.ownPools.values()];
  }

  /** It is listed no longer, and unused: gives back its stats and its cell. What still refers to it does no harm. */
  retire(): void {
    this.active.retire();
    this.statLease.release();
  }

  /** A connection of a TCP session begins here: what LEAST_REQUEST compares, over all threads. */
  enter(): void {
    this.active.enter();
  }

  /** What `enter` counted is over. */
  leave(): void {
    this.active.release();
  }

  /** A request begins here, if the breaker has a permit for it. */
  admit(breaker: Permits): boolean {
    return breaker.acquireAndEnter(this.active);
  }

  /** A request that was admitted is over. */
  dismiss(breaker: Permits): void {
    breaker.releaseWith(this.active);
  }
}

export function healthOf(status: HealthStatus): Health {
  switch (status) {
    case "UNKNOWN":
    case "HEALTHY":
      return "healthy";
    case "DEGRADED":
      return "degraded";
    case "UNHEALTHY":
    case "DRAINING":
    case "TIMEOUT":
      return "unhealthy";
  }
}

/** `/clusters`, `health_flags`. */
export function healthFlags(status: HealthStatus): string {
  switch (status) {
    case "UNKNOWN":
    case "HEALTHY":
      return "healthy";
    case "DEGRADED":
      return "/degraded_eds_health";
    case "UNHEALTHY":
    case "TIMEOUT":
      return "/failed_eds_health";
    case "DRAINING":
      return "/eds_status_draining";
  }
}

export function addressOf(plain: PlainAddress): Address {
  return "path" in plain ? new PipeAddress(plain.path, plain.mode) : new IpAddress(plain.version, plain.ip, plain.port);
}

/** `127.0.0.1:80`, `[::1]:80`, `/run/a.sock`. */
export function addressText(plain: PlainAddress): string {
  return addressOf(plain).text;
}
