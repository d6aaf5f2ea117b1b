/**
 * Picks a host of a cluster for a request: writes the cluster's hosts into core memory when they change, and asks the core
 * once per request (assembly/balance/hosts.ts draws the record).
 */

import type { Cluster, LeastRequestLbConfig } from "../config/types/cluster.ts";
import type { Counter } from "../stats/scope.ts";
import type { ConfigArena } from "../wasm/config_arena.ts";
import {
  BALANCER_BIAS,
  BALANCER_BYTES,
  BALANCER_CELLS,
  BALANCER_CHOICE_COUNT,
  BALANCER_POLICY,
  BALANCER_PRIORITIES,
  BALANCER_PRIORITY_COUNT,
  BALANCER_WEIGHTS,
  type CoreExports,
  EDF_ENTRY_BYTES,
  PICK_NONE,
  PICK_PANIC,
  POLICY_LEAST_REQUEST,
  POLICY_LEAST_REQUEST_FULL_SCAN,
  POLICY_RANDOM,
  POLICY_ROUND_ROBIN,
  PRIORITY_BYTES,
  PRIORITY_DEGRADED_LOAD,
  PRIORITY_HEALTHY_LOAD,
  PRIORITY_PANIC,
  PRIORITY_SOURCES,
  SOURCE_ALL,
  SOURCE_BYTES,
  SOURCE_COUNT,
  SOURCE_DEGRADED,
  SOURCE_HEALTHY,
  SOURCE_HEAP,
  SOURCE_HOSTS,
} from "../wasm/layout.gen.ts";
import type { Host } from "./host.ts";
import { type PriorityLoad, type PriorityLoadOptions, type PriorityMembers, priorityLoads } from "./priority_load.ts";

/** How a cluster balances, from its config. */
export interface BalancingPolicy {
  /** POLICY_... of the core. */
  readonly policy: number;
  /** LEAST_REQUEST: hosts that are compared. */
  readonly choiceCount: number;
  /** LEAST_REQUEST among hosts of different weights: the power to which active requests count against a host; 0 and more. */
  readonly activeRequestBias: number;
}

export class LoadBalancer {
  private readonly core: CoreExports;
  private readonly arena: ConfigArena;
  private readonly policy: BalancingPolicy;
  private readonly healthyPanic: Counter;
  private hosts: readonly Host[] = [];
  private options: PriorityLoadOptions | null = null;
  private record = 0;

  /** `healthyPanic` is the cluster's `lb_healthy_panic`. */
  constructor(arena: ConfigArena, policy: BalancingPolicy, healthyPanic: Counter) {
    this.core = arena.core.exports;
    this.arena = arena;
    this.policy = policy;
    this.healthyPanic = healthyPanic;
  }

  /**
   * Balances over these hosts from now on. Throws ConfigArenaFull, and goes on with the hosts it has, when there is no
   * room for them, not even in the place of those.
   */
  update(hosts: readonly Host[], options: PriorityLoadOptions): void {
    const plan = this.plan(hosts, options);
    const { record: before } = this;
    if (before === 0 || this.arena.hasRoom(plan.bytes)) {
      const record = this.arena.allocate(plan.bytes);
      this.write(record, plan);
      this.core.balancerPrepare(record, before);
      if (before !== 0) this.arena.release(before);
      this.record = record;
    } else {
      // Where the old record stood before the new one could learn from it: the rounds begin anew.
      this.record = this.arena.replace(before, plan.bytes);
      this.write(this.record, plan);
      this.core.balancerPrepare(this.record, 0);
    }
    this.hosts = hosts;
    this.options = options;
  }

  /** Address of its record, 0: none. */
  get address(): number {
    return this.record;
  }

  /** Gives up its place for a better one. Until `putDown`, which must follow at once, nothing can be picked. */
  pickUp(): void {
    if (this.record !== 0) this.arena.release(this.record);
    this.record = 0;
  }

  putDown(): void {
    if (this.options !== null) this.update(this.hosts, this.options);
  }

  /** The host for the next request; null when there is none to send to (Envoy: no healthy upstream). Allocates nothing. */
  pick(): Host | null {
    if (this.record === 0) return null;
    const picked = this.core.balancerPick(this.record);
    if ((picked & PICK_PANIC) !== 0) this.healthyPanic.inc();
    const index = picked & PICK_NONE;
    return index === PICK_NONE ? null : (this.hosts[index] as Host);
  }

  /** Gives the core memory back. Nothing is picked afterwards. */
  dispose(): void {
    this.pickUp();
    this.hosts = [];
    this.options = null;
  }

  /** What is to be written, and where each part stands from the beginning of the record. */
  private plan(hosts: readonly Host[], options: PriorityLoadOptions): RecordPlan {
    const groups = groupByPriority(hosts);
    const loads = priorityLoads(groups.map(count), options);
    const lists = groups.flatMap((group) => SOURCE_ORDER.map((kind) => group[kind]));
    const scheduled = lists.map((list) => this.needsSchedule(list));

    const prioritiesAt = align(BALANCER_BYTES);
    const weightsAt = align(prioritiesAt + groups.length * PRIORITY_BYTES);
    const cellsAt = weightsAt + hosts.length * 4;
    const listsAt = cellsAt + hosts.length * 4;
    const heapsAt = align(listsAt + lists.reduce((sum, list) => sum + list.length, 0) * 4);
    const bytes = lists.reduce((end, list, i) => (scheduled[i] ? end + list.length * EDF_ENTRY_BYTES : end), heapsAt);
    return { hosts, groups, loads, lists, scheduled, prioritiesAt, weightsAt, cellsAt, listsAt, heapsAt, bytes };
  }

  private write(record: number, plan: RecordPlan): void {
    const { hosts, groups, loads, lists, scheduled, prioritiesAt, weightsAt, cellsAt, listsAt, heapsAt } = plan;
    const { words } = this.arena.core;
    const put = (address: number, value: number) => {
      words[address >> 2] = value;
    };
    put(record + BALANCER_POLICY, this.policy.policy);
    put(record + BALANCER_CHOICE_COUNT, this.policy.choiceCount);
    new Float64Array(words.buffer, record + BALANCER_BIAS, 1)[0] = this.policy.activeRequestBias;
    put(record + BALANCER_PRIORITY_COUNT, groups.length);
    put(record + BALANCER_PRIORITIES, record + prioritiesAt);
    put(record + BALANCER_WEIGHTS, record + weightsAt);
    put(record + BALANCER_CELLS, record + cellsAt);
    for (const [index, host] of hosts.entries()) {
      put(record + weightsAt + index * 4, host.weight);
      put(record + cellsAt + index * 4, host.activeCell);
    }
    for (const [index, load] of loads.entries()) putLoad(put, record + prioritiesAt + index * PRIORITY_BYTES, load);
    let listAt = record + listsAt;
    let heapAt = record + heapsAt;
    for (const [index, list] of lists.entries()) {
      const priority = record + prioritiesAt + Math.floor(index / SOURCE_ORDER.length) * PRIORITY_BYTES;
      const source = priority + PRIORITY_SOURCES + (index % SOURCE_ORDER.length) * SOURCE_BYTES;
      put(source + SOURCE_HOSTS, listAt);
      put(source + SOURCE_COUNT, list.length);
      put(source + SOURCE_HEAP, scheduled[index] ? heapAt : 0);
      for (const member of list) {
        put(listAt, member.index);
        listAt += 4;
      }
      if (scheduled[index]) heapAt += list.length * EDF_ENTRY_BYTES;
    }
  }

  /** A schedule is kept only where weights differ; RANDOM does not look at weights. */
  private needsSchedule(list: readonly Member[]): boolean {
    if (this.policy.policy === POLICY_RANDOM) return false;
    return list.some((member) => member.host.weight !== (list[0] as Member).host.weight);
  }
}

/** A record that is to be written: what, and how far from its beginning. */
interface RecordPlan {
  readonly hosts: readonly Host[];
  readonly groups: readonly Group[];
  readonly loads: readonly PriorityLoad[];
  readonly lists: readonly (readonly Member[])[];
  readonly scheduled: readonly boolean[];
  readonly prioritiesAt: number;
  readonly weightsAt: number;
  readonly cellsAt: number;
  readonly listsAt: number;
  readonly heapsAt: number;
  readonly bytes: number;
}

/** A host with its index, which is what the core knows of it. */
interface Member {
  readonly host: Host;
  readonly index: number;
}

type Group = Record<"all" | "healthy" | "degraded", Member[]>;

/** Sources as the core numbers them. */
const SOURCE_ORDER: readonly (keyof Group)[] = (() => {
  const order: (keyof Group)[] = [];
  order[SOURCE_ALL] = "all";
  order[SOURCE_HEALTHY] = "healthy";
  order[SOURCE_DEGRADED] = "degraded";
  return order;
})();

/** One group per priority, at least one; a priority that nobody has is empty. */
function groupByPriority(hosts: readonly Host[]): Group[] {
  const last = hosts.reduce((max, host) => Math.max(max, host.priority), 0);
  const groups: Group[] = Array.from({ length: last + 1 }, () => ({ all: [], healthy: [], degraded: [] }));
  for (const [index, host] of hosts.entries()) {
    const group = groups[host.priority] as Group;
    const member = { host, index };
    group.all.push(member);
    if (host.health !== "unhealthy") group[host.health].push(member);
  }
  return groups;
}

function count({ all, healthy, degraded }: Group): PriorityMembers {
  const weight = (members: readonly Member[]) => members.reduce((sum, { host }) => sum + host.weight, 0);
  return {
    total: all.length,
    healthy: healthy.length,
    degraded: degraded.length,
    totalWeight: weight(all),
    healthyWeight: weight(healthy),
    degradedWeight: weight(degraded),
  };
}

function putLoad(put: (address: number, value: number) => void, priority: number, load: PriorityLoad): void {
  put(priority + PRIORITY_HEALTHY_LOAD, load.healthyLoad);
  put(priority + PRIORITY_DEGRADED_LOAD, load.degradedLoad);
  put(priority + PRIORITY_PANIC, load.panic ? 1 : 0);
}

function align(bytes: number): number {
  return (bytes + 7) & ~7;
}

const NO_CHOICES = { choiceCount: 0, activeRequestBias: 0 };

/** The policy of a cluster: `load_balancing_policy` where it is set, else `lb_policy`. */
export function balancingPolicy(cluster: Cluster): BalancingPolicy {
  const extension = cluster.load_balancing_policy?.policies?.[0]?.typed_extension_config?.typed_config;
  switch (extension?.["@type"]) {
    case "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin":
      return { policy: POLICY_ROUND_ROBIN, ...NO_CHOICES };
    case "envoy.extensions.load_balancing_policies.random.v3.Random":
      return { policy: POLICY_RANDOM, ...NO_CHOICES };
    case "envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest":
      return {
        policy: extension.selection_method === "FULL_SCAN" ? POLICY_LEAST_REQUEST_FULL_SCAN : POLICY_LEAST_REQUEST,
        ...leastRequestOptions(extension),
      };
  }
  switch (cluster.lb_policy) {
    case "LEAST_REQUEST":
      return { policy: POLICY_LEAST_REQUEST, ...leastRequestOptions(cluster.least_request_lb_config) };
    case "RANDOM":
      return { policy: POLICY_RANDOM, ...NO_CHOICES };
    default:
      return { policy: POLICY_ROUND_ROBIN, ...NO_CHOICES };
  }
}

function leastRequestOptions(config: LeastRequestLbConfig | undefined): Omit<BalancingPolicy, "policy"> {
  const bias = config?.active_request_bias;
  // As in Envoy: a bias that makes no sense is 1. One that is set without a value is the number's own default, 0.
  const activeRequestBias = bias === undefined ? 1 : (bias.default_value ?? 0);
  return {
    choiceCount: config?.choice_count ?? 2,
    activeRequestBias: activeRequestBias >= 0 ? activeRequestBias : 1,
  };
}

/** Envoy's defaults for what a cluster and its assignment leave unsaid. */
export function priorityLoadOptions(cluster: Cluster): PriorityLoadOptions {
  const policy = cluster.load_assignment?.policy;
  return {
    panicThreshold: Math.floor(cluster.common_lb_config?.healthy_panic_threshold?.value ?? 50),
    overprovisioningFactor: policy?.overprovisioning_factor ?? 140,
    weightedPriorityHealth: policy?.weighted_priority_health ?? false,
  };
}
