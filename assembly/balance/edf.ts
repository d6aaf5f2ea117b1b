// Earliest deadline first: the schedule for hosts of different weights. Each host has a deadline, the host with the
// earliest is picked and comes back at now + 1 / weight; equal deadlines go in the order of their insertion. So weights 1,
// 2, 3 are picked 1, 2 and 3 times in every 6, as evenly mixed as can be.
//
// A binary heap with the earliest entry on top; a pick costs O(log hosts).

import { Balancer, hostOf, Source } from "./hosts";
import { scheduleWeight } from "./schedule_weight";

@unmanaged
class EdfEntry {
  deadline: f64;
  order: u64; // breaks ties: first in, first out
  host: u32;
  reserved: u32;
}

export const EDF_ENTRY_BYTES: u32 = offsetof<EdfEntry>();

function entryAt(source: Source, place: u32): EdfEntry {
  return changetype<EdfEntry>(<usize>(source.heap + place * EDF_ENTRY_BYTES));
}

function before(a: EdfEntry, b: EdfEntry): bool {
  return a.deadline < b.deadline || (a.deadline == b.deadline && a.order < b.order);
}

function swap(a: EdfEntry, b: EdfEntry): void {
  const deadline = a.deadline;
  const order = a.order;
  const host = a.host;
  a.deadline = b.deadline;
  a.order = b.order;
  a.host = b.host;
  b.deadline = deadline;
  b.order = order;
  b.host = host;
}

function siftDown(source: Source, from: u32): void {
  const count = source.count;
  let place = from;
  for (;;) {
    let first = place;
    const left: u32 = 2 * place + 1;
    const right: u32 = left + 1;
    if (left < count && before(entryAt(source, left), entryAt(source, first))) first = left;
    if (right < count && before(entryAt(source, right), entryAt(source, first))) first = right;
    if (first == place) return;
    swap(entryAt(source, place), entryAt(source, first));
    place = first;
  }
}

/** Takes the host whose turn it is and enters it again with the weight that it has now. */
export function edfPick(balancer: Balancer, source: Source): u32 {
  const top = entryAt(source, 0);
  const host = top.host;
  source.now = top.deadline;
  top.deadline = source.now + 1 / scheduleWeight(balancer, host);
  top.order = source.order++;
  siftDown(source, 0);
  return host;
}

/** Added to weights that set the first deadlines: without it one multiple of a weight may round past another. */
const WEIGHT_EPSILON: f64 = 1e-13;

/**
 * Fills the heap as if `picks` picks had been made from the empty schedule, so that many proxies, and many threads of one,
 * do not all begin with the same host. Each host first gets its whole share of them at once, the few that are left are
 * picked one by one.
 */
export function edfBuild(balancer: Balancer, source: Source, picks: u32): void {
  const count = source.count;
  let sum: f64 = 0;
  for (let i: u32 = 0; i < count; i++) sum += scheduleWeight(balancer, hostOf(source, i)) + WEIGHT_EPSILON;
  let made: u32 = 0;
  source.now = 0;
  for (let i: u32 = 0; i < count; i++) {
    const host = hostOf(source, i);
    const weight = scheduleWeight(balancer, host) + WEIGHT_EPSILON;
    let share = <u32>((weight * picks) / sum);
    if (share > 0 && share / weight >= picks / sum) share--;
    const entry = entryAt(source, i);
    entry.deadline = (<f64>share + 1) / weight;
    entry.order = i;
    entry.host = host;
    source.now = max(source.now, share / weight);
    made += share;
  }
  source.order = count;
  for (let i = <i32>(count >> 1) - 1; i >= 0; i--) siftDown(source, i);
  for (; made < picks; made++) edfPick(balancer, source);
}
