// Workers that are played: who is told what and when, and what becomes of a number whose thread dies.

import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Logs } from "../../../host/log/logger.ts";
import { NO_OVERLOAD } from "../../../host/runtime/overload.ts";
import { StatReader } from "../../../host/stats/reader.ts";
import { StatStore } from "../../../host/stats/scope.ts";
import { Ledger, LedgerView } from "../../../host/wasm/ledger.ts";
import type { FromWorker, Snapshot, ToWorker, WorkerBirth } from "../../../host/workers/messages.ts";
import type { WorkerThread } from "../../../host/workers/seat.ts";
import { Supervisor } from "../../../host/workers/supervisor.ts";

/** A thread as the supervisor sees it; what it says is the test's to say. */
class FakeThread extends EventEmitter implements WorkerThread {
  readonly birth: WorkerBirth;
  readonly heard: ToWorker[] = [];
  isTerminated = false;

  constructor(birth: WorkerBirth) {
    super();
    this.birth = birth;
  }

  postMessage(message: ToWorker): void {
    this.heard.push(structuredClone(message));
  }

  terminate(): Promise<void> {
    this.isTerminated = true;
    this.emit("exit");
    return Promise.resolve();
  }

  say(message: FromWorker): void {
    this.emit("message", message);
  }

  /** Throws, and is gone. */
  die(reason = "Error: broken\n    at somewhere"): void {
    const error = new Error("broken");
    error.stack = reason;
    this.emit("error", error);
    this.emit("exit");
  }

  /** Says that the newest snapshot that it was told is in force. */
  applies(more: Partial<FromWorker & { type: "applied" }> = {}): void {
    const { version } = this.snapshots.at(-1) as Snapshot;
    this.say({ type: "applied", version, bound: [], refused: [], problems: [], ...more });
  }

  get snapshots(): Snapshot[] {
    return this.heard.flatMap((message) => (message.type === "snapshot" ? message.snapshot : []));
  }

  /** The id of the last question. */
  get question(): number {
    return this.heard.reduce((last, message) => ("id" in message ? message.id : last), 0);
  }
}

// Nothing here takes real time: whoever waits does so for ever.
vi.setConfig({ testTimeout: 5_000 });

const snapshot = (version: number, more: Partial<Snapshot> = {}): Snapshot => ({
  version,
  clusters: [],
  listeners: [],
  isFailingHealth: false,
  overload: NO_OVERLOAD,
  secrets: [],
  ...more,
});

let ledger: Ledger;
let reader: StatReader;
let store: StatStore;
let threads: FakeThread[];
let log: string[];
let logLines: string[];
let batches: number;
let replaced: [number, string][];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  ledger = Ledger.create(4);
  reader = new StatReader(ledger);
  store = new StatStore(ledger.view, { onDefine() {}, onRelease() {}, onFull() {} });
  [threads, log, logLines, batches, replaced] = [[], [], [], 0, []];
});
afterEach(() => {
  vi.useRealTimers();
});

function supervise(concurrency: number): Supervisor {
  const logs = new Logs({ sink: { write: (line) => log.push(line) }, format: "%l %v" });
  return new Supervisor({
    concurrency,
    ledger,
    reader,
    log: logs.logger("main"),
    replaced: store.root.counter("replaced"),
    birth: {
      net: "auto",
      node: { id: "", cluster: "", localAddress: "" },
      log: { levels: logs.levels, format: "", escapeNewlines: false },
      drainTimeMs: 0,
      configArenaBytes: 0,
    },
    spawn: (birth) => {
      const thread = new FakeThread(birth);
      threads.push(thread);
      return thread;
    },
    seed: () => [1, 2],
    onLogLine: (line) => logLines.push(line),
    onAccessLog: () => batches++,
    onReplaced: (index, reason) => replaced.push([index, reason]),
  });
}

const same = (at: Snapshot) => () => at;
const thread = (i: number) => threads[i] as FakeThread;
/** The newest thread of a number. */
const holder = (index: number) => threads.findLast(({ birth }) => birth.index === index) as FakeThread;
/** Lets promises go on. */
const turn = () => vi.advanceTimersByTimeAsync(0);

/** So many workers that serve snapshot 1. */
async function running(concurrency: number): Promise<Supervisor> {
  const supervisor = supervise(concurrency);
  const started = supervisor.start(snapshot(1), same(snapshot(1)));
  thread(0).applies();
  await turn();
  for (const one of threads) one.applies();
  await started;
  return supervisor;
}

describe("a start", () => {
  it("loads all threads at once, and lets the first listen before the others are told where", async () => {
    const supervisor = supervise(3);
    const asked = snapshot(1);
    const settled = snapshot(1, { isFailingHealth: true });
    const bound = [{ name: "front", addresses: [{ version: 4, ip: "127.0.0.1", port: 8000 } as const] }];
    const settle = vi.fn(same(settled));
    const started = supervisor.start(asked, settle);
    expect(threads.map(({ birth }) => [birth.index, birth.life])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
    expect(threads.map(({ snapshots }) => snapshots.length)).toEqual([1, 0, 0]);
    thread(0).say({ type: "started", netKind: "raw", fallbackReason: "" });
    thread(0).applies({ bound });
    await turn();
    expect(settle).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ bound }));
    expect(threads.map(({ snapshots }) => snapshots)).toEqual([[asked, settled], [settled], [settled]]);
    thread(0).applies();
    thread(1).applies();
    thread(2).applies({ problems: ["no"] });
    expect(await started).toEqual(["no"]);
    expect(supervisor.netKind).toBe("raw");
  });

  it("ends with the first worker's problems: the others are not even told", async () => {
    const started = supervise(2).start(snapshot(1), same(snapshot(1)));
    thread(0).applies({ problems: ["cannot bind"] });
    expect(await started).toEqual(["cannot bind"]);
    expect(thread(1).snapshots).toEqual([]);
  });

  it("says which worker ended before it could serve", async () => {
    const supervisor = supervise(2);
    const started = supervisor.start(snapshot(1), same(snapshot(1)));
    thread(0).die("Error: no such file\n    at load");
    expect(await started).toEqual(["worker 0 ended: Error: no such file"]);
  });

  it("warns of portable sockets once, and not for every worker", async () => {
    await running(2);
    for (const one of threads) one.say({ type: "started", netKind: "portable", fallbackReason: "no TCP" });
    expect(log).toEqual(["warning portable sockets are used: no TCP\n"]);
  });
});

describe("a new snapshot", () => {
  it("goes to the first worker, and as `settle` makes it to all; each problem is told once", async () => {
    const supervisor = await running(3);
    const settled = snapshot(2, { isFailingHealth: true });
    const refused: (readonly string[])[] = [];
    const applied = supervisor.apply(snapshot(2), (first) => {
      refused.push(first.refused);
      return settled;
    });
    expect(thread(1).snapshots).toHaveLength(1);
    thread(0).applies({ refused: ["front"], problems: ["front: no", "u: no"] });
    await turn();
    expect(threads.map(({ snapshots }) => snapshots.at(-1))).toEqual([settled, settled, settled]);
    thread(0).applies();
    thread(1).applies({ problems: ["u: no"] });
    thread(2).applies({ problems: ["u: no"] });
    expect(await applied).toEqual(["front: no", "u: no"]);
    expect(refused).toEqual([["front"]]);
  });

  it("does not wait for ever for a worker that dies over it, and its successor serves it", async () => {
    const supervisor = await running(2);
    const applied = supervisor.apply(snapshot(2), same(snapshot(2)));
    thread(0).applies();
    await turn();
    thread(0).applies();
    thread(1).die();
    expect(await applied).toEqual(["worker 1 ended: Error: broken"]);
    expect(holder(1).snapshots.map(({ version }) => version)).toEqual([2]);
  });

  it("that comes while the first worker is away is what its successor begins with", async () => {
    const supervisor = await running(1);
    // Twice in a row: the second successor has to wait.
    thread(0).die();
    holder(0).die();
    expect(threads).toHaveLength(2);
    const applied = supervisor.apply(snapshot(2), same(snapshot(2)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(threads).toHaveLength(3);
    expect(holder(0).snapshots.at(-1)?.version).toBe(2);
    holder(0).applies();
    await turn();
    holder(0).applies();
    expect(await applied).toEqual([]);
  });

  it("that is remembered is what a successor begins with", async () => {
    const supervisor = await running(2);
    supervisor.remember(snapshot(7));
    thread(1).die();
    expect(holder(1).snapshots).toEqual([snapshot(7)]);
    expect(thread(0).snapshots).toHaveLength(2);
  });
});

describe("a worker that dies", () => {
  it("is replaced by one with its number; the others hear nothing of it", async () => {
    await running(2);
    thread(1).die("Error: broken\n    at somewhere");
    expect(threads.map(({ birth }) => [birth.index, birth.life])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
    expect(holder(1).snapshots).toEqual([snapshot(1)]);
    expect(replaced).toEqual([[1, "Error: broken"]]);
    expect(store.root.counter("replaced").value).toBe(1);
    expect(log).toEqual(["critical worker 1 is replaced: Error: broken\n    at somewhere\n"]);
    expect(thread(0).snapshots).toHaveLength(2);
    // What the dead one still says is nobody's.
    thread(1).say({ type: "log", line: "a ghost" });
    expect(logLines).toEqual([]);
  });

  it("gives back what it held, keeps its counts, and what its successor does not count goes", async () => {
    await running(2);
    const cell = ledger.allocateCell(5);
    new LedgerView(ledger.share, 2).permits(cell).acquire();
    const view = new LedgerView(ledger.share, 2);
    const counts = (say: (message: FromWorker) => void) =>
      new StatStore(view, {
        onDefine: (definition) => say({ type: "stat", definition }),
        onRelease: (release) => say({ type: "statsReleased", release }),
        onFull: (name) => say({ type: "statsFull", name }),
      });
    const dying = counts((message) => thread(1).say(message)).root;
    for (const name of ["a", "b"]) dying.scope(name).lease().scope.counter("rq").add(3);
    expect(ledger.used(cell)).toBe(1);
    thread(1).die();
    expect(ledger.used(cell)).toBe(0);
    expect([reader.value("a.rq"), reader.value("b.rq")]).toEqual([3, 3]);
    const next = holder(1);
    counts((message) => next.say(message))
      .root.scope("a")
      .lease()
      .scope.counter("rq")
      .inc();
    expect([reader.value("a.rq"), reader.value("b.rq")]).toEqual([4, 3]);
    next.applies();
    await turn();
    expect(reader.counters().map(({ name, value }) => [name, value])).toEqual([["a.rq", 4]]);
  });

  it("before its successor could tell what it counts does not take its counts along", async () => {
    await running(1);
    const store = new StatStore(new LedgerView(ledger.share, 1), {
      onDefine: (definition) => thread(0).say({ type: "stat", definition }),
      onRelease() {},
      onFull() {},
    });
    store.root.scope("a").lease().scope.counter("rq").add(3);
    thread(0).die();
    // Long enough not to count as short: the successor's successor is there at once.
    await vi.advanceTimersByTimeAsync(11_000);
    holder(0).die();
    expect(threads).toHaveLength(3);
    await turn();
    expect(reader.value("a.rq")).toBe(3);
    holder(0).applies();
    await turn();
    expect(reader.counters()).toEqual([]);
  });

  it("soon after its start is started again after a pause that doubles, up to five seconds", async () => {
    await running(1);
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      const before = threads.length;
      holder(0).die();
      const diedMs = performance.now();
      while (threads.length === before) await vi.advanceTimersByTimeAsync(10);
      pauses.push(performance.now() - diedMs);
    }
    expect(pauses).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    // One that has served for a while begins anew.
    await vi.advanceTimersByTimeAsync(10_000);
    const { length } = threads;
    holder(0).die();
    expect(threads).toHaveLength(length + 1);
  });

  it("by its own word is ended, with the reason that it gave", async () => {
    await running(1);
    thread(0).say({ type: "fault", reason: "CoreFault: assertion failed" });
    expect(thread(0).isTerminated).toBe(true);
    expect(replaced).toEqual([[0, "CoreFault: assertion failed"]]);
  });

  it("without a word is said to have ended by itself", async () => {
    await running(1);
    thread(0).emit("exit");
    expect(replaced).toEqual([[0, "it ended by itself"]]);
  });

  it("whose successor cannot listen is reported", async () => {
    await running(1);
    thread(0).die();
    holder(0).applies({ problems: ["cannot bind 127.0.0.1:80"] });
    await turn();
    expect(log.at(-1)).toBe("error worker 0: cannot bind 127.0.0.1:80\n");
  });

  it("when all are stopped has no successor, nor has one that waits for its turn", async () => {
    const supervisor = await running(2);
    thread(0).die();
    holder(0).die();
    const { length } = threads;
    await supervisor.stop();
    expect(holder(1).isTerminated).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(threads).toHaveLength(length);
    expect(replaced).toHaveLength(2);
  });
});

describe("questions", () => {
  it("to all are answered when each has: the connections of all workers", async () => {
    const supervisor = await running(3);
    const left = supervisor.sync();
    for (const [i, one] of threads.entries()) one.say({ type: "synced", id: one.question, activeConnections: 10 ** i });
    expect(await left).toBe(111);
  });

  it("do not wait for who does not answer in time, who dies, or who is dead", async () => {
    const supervisor = await running(3);
    const left = supervisor.sync();
    thread(0).say({ type: "synced", id: thread(0).question, activeConnections: 5 });
    thread(1).die();
    await vi.advanceTimersByTimeAsync(1_900);
    const settled = vi.fn();
    void left.then(settled);
    await turn();
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(settled).toHaveBeenCalledWith(5);
    // An answer that comes too late is nobody's.
    thread(2).say({ type: "synced", id: thread(2).question, activeConnections: 9 });
    holder(1).die();
    thread(0).die();
    holder(0).die();
    const none = supervisor.sync();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await none).toBe(0);
  });

  it("are over at once for who dies over them", async () => {
    const supervisor = await running(2);
    const left = supervisor.sync();
    thread(0).say({ type: "synced", id: thread(0).question, activeConnections: 5 });
    thread(1).die();
    expect(await left).toBe(5);
  });

  it("about cells: what any worker holds, and nothing at all when one has not answered", async () => {
    const supervisor = await running(2);
    const held = supervisor.holding([1, 2, 3]);
    expect(thread(0).heard.at(-1)).toMatchObject({ type: "holding", cells: [1, 2, 3] });
    thread(0).say({ type: "held", id: thread(0).question, cells: [1] });
    thread(1).say({ type: "held", id: thread(1).question, cells: [1, 3] });
    expect(await held).toEqual(new Set([1, 3]));
    const unanswered = supervisor.holding([1]);
    thread(0).say({ type: "held", id: thread(0).question, cells: [] });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await unanswered).toBeNull();
  });

  it("about a request go to all workers, about an imagined one to the first", async () => {
    const supervisor = await running(2);
    const explanation = { facts: {}, sentences: ["it went well"] };
    const found = supervisor.explain({ kind: "id", requestId: "x" });
    thread(0).say({ type: "explained", id: thread(0).question, explanation: null });
    thread(1).say({ type: "explained", id: thread(1).question, explanation });
    expect(await found).toEqual(explanation);
    const query = { kind: "imagined", listener: "", method: "GET", authority: "a", path: "/", headers: [] } as const;
    const imagined = supervisor.explain(query);
    expect(thread(1).heard.at(-1)).toMatchObject({ type: "explain", query: { kind: "id" } });
    thread(0).say({ type: "explained", id: thread(0).question, explanation: null });
    expect(await imagined).toBeNull();
  });
});

describe("what workers say", () => {
  it("is passed on, and answered where they wait for it", async () => {
    const supervisor = await running(2);
    const batch = { path: "/log", bytes: new Uint8Array(7), dropped: 0 };
    thread(1).say({ type: "log", line: "a line" });
    thread(1).say({ type: "accessLog", batch });
    thread(1).say({ type: "statsFull", name: "cluster.a.rq" });
    thread(1).say({ type: "statsReleased", release: { group: "cluster.a.", id: 3 } });
    expect(logLines).toEqual(["a line"]);
    expect(batches).toBe(1);
    expect(log).toEqual(["error no room for more stats in worker 1: cluster.a.rq is not counted\n"]);
    expect(thread(1).heard.slice(-2)).toEqual([
      { type: "acknowledge", bytes: 7 },
      { type: "reclaimStats", id: 3 },
    ]);
    supervisor.tell({ type: "drain" });
    supervisor.tellOne(1, { type: "acknowledge", bytes: 1 });
    expect(thread(0).heard.at(-1)).toEqual({ type: "drain" });
    expect(thread(1).heard.slice(-2)).toEqual([{ type: "drain" }, { type: "acknowledge", bytes: 1 }]);
  });
});
