/**
 * How much of a cluster's traffic each priority gets (Envoy: "Priority levels", "Degraded endpoints", "Panic threshold").
 *
 * A priority's availability is its share of healthy hosts times the overprovisioning factor, at most 100 %; the first
 * priority takes what it can, the next one the rest, healthy hosts before degraded ones. Where all priorities together cannot
 * reach 100 %, those below the panic threshold send to all their hosts; when that is every priority, traffic follows the
 * number of hosts.
 */

/** What a priority has; weights instead of numbers of hosts where the assignment says `weighted_priority_health`. */
export interface PriorityMembers {
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  readonly totalWeight: number;
  readonly healthyWeight: number;
  readonly degradedWeight: number;
}

export interface PriorityLoadOptions {
  /** Percent below which a priority panics; 0: never. Envoy's default is 50. */
  readonly panicThreshold: number;
  /** Percent; Envoy's default is 140. */
  readonly overprovisioningFactor: number;
  readonly weightedPriorityHealth: boolean;
}

export interface PriorityLoad {
  /** Percent of all requests; over all priorities healthy and degraded loads add up to 100. */
  healthyLoad: number;
  degradedLoad: number;
  panic: boolean;
}

/** One load per priority; `priorities` has at least one element. */
export function priorityLoads(
  priorities: readonly PriorityMembers[],
  options: PriorityLoadOptions,
): readonly PriorityLoad[] {
  const healthy = priorities.map((members) => availability(members, "healthy", options));
  const degraded = priorities.map((members) => availability(members, "degraded", options));
  const available = Math.min(100, sum(healthy) + sum(degraded));
  const loads: PriorityLoad[] = priorities.map(() => ({ healthyLoad: 0, degradedLoad: 0, panic: false }));
  const first = loads[0] as PriorityLoad;
  if (available > 0) distribute(loads, healthy, degraded, available);

  const threshold = Math.min(100, options.panicThreshold);
  if (threshold === 0 && available === 0) {
    // Nobody to send to and no panic: the first priority answers "no healthy upstream".
    first.healthyLoad = 100;
    return loads;
  }
  for (const [index, load] of loads.entries()) {
    load.panic = available < 100 && inPanic(priorities[index] as PriorityMembers, threshold);
  }
  if (loads.every((load) => load.panic)) distributeByHosts(loads, priorities);
  return loads;
}

function availability(members: PriorityMembers, which: "healthy" | "degraded", options: PriorityLoadOptions): number {
  if (members.total === 0) return 0;
  const [part, whole] = options.weightedPriorityHealth
    ? [members[`${which}Weight`], members.totalWeight]
    : [members[which], members.total];
  return Math.min(100, Math.floor((options.overprovisioningFactor * part) / whole));
}

function distribute(
  loads: PriorityLoad[],
  healthy: readonly number[],
  degraded: readonly number[],
  available: number,
): void {
  let left = 100;
  for (const [index, load] of loads.entries()) {
    load.healthyLoad = Math.min(left, Math.floor(((healthy[index] as number) * 100) / available));
    left -= load.healthyLoad;
  }
  for (const [index, load] of loads.entries()) {
    load.degradedLoad = Math.min(left, Math.floor(((degraded[index] as number) * 100) / available));
    left -= load.degradedLoad;
  }
  // What rounding left over goes to the first that is available.
  const firstHealthy = loads[healthy.findIndex((share) => share > 0)];
  const firstDegraded = loads[degraded.findIndex((share) => share > 0)];
  if (firstHealthy !== undefined) firstHealthy.healthyLoad += left;
  else if (firstDegraded !== undefined) firstDegraded.degradedLoad += left;
}

function inPanic(members: PriorityMembers, threshold: number): boolean {
  const percent = members.total === 0 ? 0 : (100 * (members.healthy + members.degraded)) / members.total;
  return percent < threshold;
}

function distributeByHosts(loads: PriorityLoad[], priorities: readonly PriorityMembers[]): void {
  const total = sum(priorities.map((members) => members.total));
  const first = loads[0] as PriorityLoad;
  if (total === 0) {
    first.healthyLoad = 100;
    first.degradedLoad = 0;
    return;
  }
  let left = 100;
  for (const [index, load] of loads.entries()) {
    load.healthyLoad = Math.floor((100 * (priorities[index] as PriorityMembers).total) / total);
    load.degradedLoad = 0;
    left -= load.healthyLoad;
  }
  const firstWithHosts = loads[priorities.findIndex((members) => members.total > 0)] as PriorityLoad;
  firstWithHosts.healthyLoad += left;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
