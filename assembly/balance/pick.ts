// One request, one host: which priority, which availability, which host.

import { random32, randomBelow } from "../bytes/random";
import { edfBuild, edfPick } from "./edf";
import {
  Balancer,
  POLICY_LEAST_REQUEST,
  POLICY_LEAST_REQUEST_FULL_SCAN,
  POLICY_RANDOM,
  POLICY_ROUND_ROBIN,
  Priority,
  priorityAt,
  SOURCE_ALL,
  SOURCE_DEGRADED,
  SOURCE_HEALTHY,
  SOURCES,
  Source,
  sourceAt,
} from "./hosts";
import { leastRequestPick, leastRequestScan } from "./least_request";
import { randomPick } from "./random";
import { roundRobinPick } from "./round_robin";

/** No host: the source that the dice chose is empty. May come with PICK_PANIC. */
export const PICK_NONE: u32 = 0x3fffffff;
/** Beside a host: the priority is in panic, the host may well be unhealthy. */
export const PICK_PANIC: u32 = 0x40000000;

/** A limit for the picks that the schedule begins with, far below where u32 and f64 disagree. */
const FIRST_PICKS_MAX: u32 = 400_000_000;

/**
 * Makes a freshly written record ready: gives round robin its random start and fills the schedules.
 * `from` is the record that it replaces, or 0: round robin goes on where that one stood.
 */
export function balancerPrepare(address: u32, from: u32): void {
  const balancer = changetype<Balancer>(<usize>address);
  const old = changetype<Balancer>(<usize>from);
  const start = random32();
  for (let p: u32 = 0; p < balancer.priorityCount; p++) {
    for (let kind: u32 = 0; kind < SOURCES; kind++) {
      const source = sourceAt(priorityAt(balancer, p), kind);
      const known = from != 0 && p < old.priorityCount;
      source.next = known ? sourceAt(priorityAt(old, p), kind).next : start;
      source.now = 0;
      source.order = 0;
      if (source.heap != 0) edfBuild(balancer, source, start % FIRST_PICKS_MAX);
    }
  }
}

/** The index of the picked host, or PICK_NONE; PICK_PANIC is added when it was picked in panic. */
export function balancerPick(address: u32): u32 {
  const balancer = changetype<Balancer>(<usize>address);
  const dice = randomBelow(100) + 1;
  let sum: u32 = 0;
  for (let p: u32 = 0; p < balancer.priorityCount; p++) {
    const priority = priorityAt(balancer, p);
    sum += priority.healthyLoad;
    if (dice <= sum) return pickFrom(balancer, priority, SOURCE_HEALTHY);
  }
  for (let p: u32 = 0; p < balancer.priorityCount; p++) {
    const priority = priorityAt(balancer, p);
    sum += priority.degradedLoad;
    if (dice <= sum) return pickFrom(balancer, priority, SOURCE_DEGRADED);
  }
  // The loads add up to 100: the host has written a broken record.
  return unreachable();
}

function pickFrom(balancer: Balancer, priority: Priority, kind: u32): u32 {
  if (priority.panic != 0) return pickAmong(balancer, sourceAt(priority, SOURCE_ALL)) | PICK_PANIC;
  return pickAmong(balancer, sourceAt(priority, kind));
}

function pickAmong(balancer: Balancer, source: Source): u32 {
  if (source.count == 0) return PICK_NONE;
  if (source.heap != 0) return edfPick(balancer, source);
  switch (balancer.policy) {
    case POLICY_ROUND_ROBIN:
      return roundRobinPick(source);
    case POLICY_LEAST_REQUEST:
      return leastRequestPick(balancer, source);
    case POLICY_LEAST_REQUEST_FULL_SCAN:
      return leastRequestScan(balancer, source);
    case POLICY_RANDOM:
      return randomPick(source);
    default:
      return unreachable();
  }
}
