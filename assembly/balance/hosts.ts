// The hosts of one cluster as a picker sees them: arrays side by side in the config arena, written by the host whenever
// membership, weights or health change (host/upstream/load_balancer.ts), read once per request.
//
//   Balancer ──► priorities[priorityCount]          weights[host]  u32
//                 │ healthyLoad, degradedLoad, panic  cells[host]    u32  active requests, an address in the ledger
//                 └ sources: all | healthy | degraded
//                      │ hosts[count]  u32  indexes of hosts
//                      └ heap[count]   EdfEntry, only where weights differ
//
// Percentages and panic are decided by the host when it writes the record; what is left for a request is a roll of the
// dice and one of the pickers.

import { used } from "./ledger";

/** How a host is picked among those of a source. */
export const POLICY_ROUND_ROBIN: u32 = 0;
export const POLICY_LEAST_REQUEST: u32 = 1;
/** LEAST_REQUEST with `selection_method: FULL_SCAN`. */
export const POLICY_LEAST_REQUEST_FULL_SCAN: u32 = 2;
export const POLICY_RANDOM: u32 = 3;

/** The hosts of one priority and availability. */
@unmanaged
export class Source {
  hosts: u32; // address of u32 indexes
  count: u32;
  heap: u32; // address of EdfEntry, 0: all weights are equal and no schedule is needed
  next: u32; // round robin's position; wraps at 2^32
  now: f64; // EDF's time
  order: u64; // EDF's number for the next entry
}

@unmanaged
export class Priority {
  healthyLoad: u32; // percent of all requests
  degradedLoad: u32;
  panic: u32; // 1: too few are healthy, pick among all
  reserved: u32;
  // Three sources follow.
}

@unmanaged
export class Balancer {
  policy: u32;
  choiceCount: u32; // LEAST_REQUEST: how many hosts are compared
  priorityCount: u32;
  priorities: u32; // address
  weights: u32; // address of u32 per host
  cells: u32; // address of u32 per host
  bias: f64; // LEAST_REQUEST with weights: how much active requests weigh
}

export const BALANCER_BYTES: u32 = offsetof<Balancer>();
export const BALANCER_POLICY: u32 = offsetof<Balancer>("policy");
export const BALANCER_CHOICE_COUNT: u32 = offsetof<Balancer>("choiceCount");
export const BALANCER_PRIORITY_COUNT: u32 = offsetof<Balancer>("priorityCount");
export const BALANCER_PRIORITIES: u32 = offsetof<Balancer>("priorities");
export const BALANCER_WEIGHTS: u32 = offsetof<Balancer>("weights");
export const BALANCER_CELLS: u32 = offsetof<Balancer>("cells");
export const BALANCER_BIAS: u32 = offsetof<Balancer>("bias");

export const SOURCE_BYTES: u32 = offsetof<Source>();
export const SOURCE_HOSTS: u32 = offsetof<Source>("hosts");
export const SOURCE_COUNT: u32 = offsetof<Source>("count");
export const SOURCE_HEAP: u32 = offsetof<Source>("heap");

/** Sources of a priority, in their order. */
export const SOURCE_ALL: u32 = 0;
export const SOURCE_HEALTHY: u32 = 1;
export const SOURCE_DEGRADED: u32 = 2;
export const SOURCES: u32 = 3;

export const PRIORITY_SOURCES: u32 = offsetof<Priority>();
export const PRIORITY_BYTES: u32 = PRIORITY_SOURCES + SOURCES * SOURCE_BYTES;
export const PRIORITY_HEALTHY_LOAD: u32 = offsetof<Priority>("healthyLoad");
export const PRIORITY_DEGRADED_LOAD: u32 = offsetof<Priority>("degradedLoad");
export const PRIORITY_PANIC: u32 = offsetof<Priority>("panic");

export function priorityAt(balancer: Balancer, index: u32): Priority {
  return changetype<Priority>(<usize>(balancer.priorities + index * PRIORITY_BYTES));
}

export function sourceAt(priority: Priority, kind: u32): Source {
  return changetype<Source>(changetype<usize>(priority) + PRIORITY_SOURCES + kind * SOURCE_BYTES);
}

/** The host at a place of a source's list. */
export function hostOf(source: Source, place: u32): u32 {
  return load<u32>(source.hosts + (place << 2));
}

export function weightOf(balancer: Balancer, host: u32): u32 {
  return load<u32>(balancer.weights + (host << 2));
}

/** Requests that are active on a host, over all threads. */
export function activeOf(balancer: Balancer, host: u32): i32 {
  return used(load<u32>(balancer.cells + (host << 2)));
}
