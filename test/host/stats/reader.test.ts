import { beforeEach, describe, expect, it } from "vitest";
import { sampleCount } from "../../../host/stats/bins.ts";
import { StatReader } from "../../../host/stats/reader.ts";
import { type StatRelease, StatStore, sanitizeStatName } from "../../../host/stats/scope.ts";
import { HISTOGRAM_SLOTS } from "../../../host/wasm/layout.gen.ts";
import { Ledger, LedgerView } from "../../../host/wasm/ledger.ts";

let ledger: Ledger;
let reader: StatReader;

/** A thread's stats, of which the reader is told at once. */
function thread(number: number): StatStore {
  const store: StatStore = new StatStore(new LedgerView(ledger.share, number), {
    onDefine: (definition) => reader.define(number, structuredClone(definition)),
    onRelease: ({ group, id }) => {
      reader.release(number, group);
      store.reclaim(id);
    },
    onFull: (name) => {
      throw new Error(`no room for ${name}`);
    },
  });
  return store;
}

const names = () => [...reader.counters(), ...reader.gauges(), ...reader.histograms()].map(({ name }) => name);

beforeEach(() => {
  ledger = Ledger.create(4);
  reader = new StatReader(ledger);
});

describe("stats of several threads", () => {
  it("add up by name", () => {
    const [one, two] = [thread(1).root.scope("cluster.a"), thread(2).root.scope("cluster.a")];
    one.counter("rq").inc();
    two.counter("rq").add(4);
    one.gauge("active").inc();
    two.gauge("active").add(2);
    two.gauge("active").dec();
    expect(reader.counters()).toEqual([{ name: "cluster.a.rq", value: 5, used: true }]);
    expect(reader.gauges()).toEqual([{ name: "cluster.a.active", value: 2, used: true }]);
    expect(reader.value("cluster.a.rq")).toBe(5);
    expect(reader.value("nothing")).toBe(0);
  });

  it("are one cell for one name in one thread", () => {
    const store = thread(1);
    store.root.counter("a.b").inc();
    store.root.scope("a").counter("b").inc();
    expect(store.root.counter("a.b").value).toBe(2);
    expect(() => store.root.gauge("a.b")).toThrow(TypeError);
  });

  it("know the unused from those that are back at zero", () => {
    const { root } = thread(1);
    root.counter("c0");
    root.counter("c1").inc();
    root.gauge("g0");
    const gauge = root.gauge("g1");
    gauge.inc();
    gauge.dec();
    root.gauge("g2").set(0);
    root.histogram("h0");
    const used = [...reader.counters(), ...reader.gauges()].filter((stat) => stat.used).map(({ name }) => name);
    expect(used).toEqual(["c1", "g1", "g2"]);
    for (const { name, value } of reader.gauges()) expect(Object.is(value, 0), name).toBe(true);
  });

  it("keep hosts' values apart from the stats", () => {
    const hosts = thread(1).root.scope("cluster.a").ofHosts().scope("127.0.0.1:80");
    hosts.counter("rq_total").add(3);
    expect(reader.counters()).toEqual([]);
    expect(reader.value("cluster.a.127.0.0.1_80.rq_total", "host")).toBe(3);
  });

  it("keep what a dead thread counted, drop its gauges, and give its stripe to the next", () => {
    const dying = thread(2).root;
    dying.counter("rq").add(7);
    dying.gauge("active").add(3);
    dying.histogram("time").record(5);
    reader.flush();
    reader.retire(2);
    expect(reader.value("rq")).toBe(7);
    expect(reader.value("active")).toBe(0);
    const next = thread(2).root;
    expect(next.counter("rq").value).toBe(0);
    next.counter("rq").inc();
    next.histogram("time").record(6);
    reader.flush();
    expect(reader.value("rq")).toBe(8);
    const [time] = reader.histograms();
    expect(time && [sampleCount(time.total), sampleCount(time.interval)]).toEqual([2, 1]);
  });

  it("start again from zero when counters are reset", () => {
    const { root } = thread(1);
    root.counter("rq").add(5);
    root.gauge("active").set(2);
    reader.resetCounters();
    expect(reader.counters()).toEqual([{ name: "rq", value: 0, used: true }]);
    expect(reader.value("active")).toBe(2);
    root.counter("rq").inc();
    expect(reader.value("rq")).toBe(1);
    reader.retire(1);
    expect(reader.value("rq")).toBe(1);
  });

  it("show histograms as of the last flush", () => {
    const time = thread(1).root.histogram("time", "milliseconds");
    time.record(3.9);
    expect(reader.histograms()[0]).toMatchObject({ used: false, unit: "milliseconds" });
    reader.flush();
    time.record(100);
    expect(reader.histograms()[0]).toMatchObject({ used: true, total: { counts: [1] }, interval: { counts: [1] } });
    reader.flush();
    expect(reader.histograms()[0]).toMatchObject({ total: { counts: [1, 1] }, interval: { counts: [1] } });
    reader.flush();
    expect(reader.histograms()[0]).toMatchObject({ total: { counts: [1, 1] }, interval: { counts: [] } });
  });

  it("take gauges that are computed at the moment of reading, and texts", () => {
    let uptime = 3;
    reader.addGauges(() => [["server.uptime", uptime]]);
    expect(reader.gauges()).toEqual([{ name: "server.uptime", value: 3, used: true }]);
    uptime = 0;
    expect(reader.gauges()[0]?.used).toBe(false);
    reader.setText("b", "x");
    reader.setText("a", "");
    expect(reader.textReadouts()).toEqual([
      { name: "a", value: "" },
      { name: "b", value: "x" },
    ]);
  });
});

describe("stats of a lease", () => {
  const cluster = (store: StatStore, name: string) => store.root.scope("cluster").scope(name).lease();

  it("go when the last lease of their prefix is released, and others with a longer name stay", () => {
    const store = thread(1);
    const [first, second] = [cluster(store, "old"), cluster(store, "old")];
    first.scope.counter("rq").add(9);
    second.scope.scope("external").histogram("time").record(1);
    cluster(store, "old.er").scope.counter("rq").inc();
    first.release();
    first.release();
    expect(names()).toEqual(["cluster.old.er.rq", "cluster.old.rq", "cluster.old.external.time"]);
    second.release();
    expect(names()).toEqual(["cluster.old.er.rq"]);
  });

  it("are shown while another thread holds them, without losing what was counted", () => {
    const [one, two] = [cluster(thread(1), "a"), cluster(thread(2), "a")];
    for (const { scope } of [one, two]) {
      scope.counter("rq").add(4);
      scope.gauge("active").inc();
      scope.histogram("time").record(3);
    }
    one.release();
    reader.flush();
    expect(reader.value("cluster.a.rq")).toBe(8);
    expect(reader.value("cluster.a.active")).toBe(1);
    expect(reader.histograms()[0]?.total.counts).toEqual([2]);
    two.release();
    expect(names()).toEqual([]);
  });

  it("give their cells to others, which begin at zero, and a handle that was kept does no harm", () => {
    const store = thread(1);
    const old = cluster(store, "old");
    const kept = [old.scope.counter("rq"), old.scope.gauge("active")] as const;
    const time = old.scope.histogram("time");
    kept[0].add(9);
    time.record(1);
    const slots: number[] = [];
    const define = reader.define.bind(reader);
    reader.define = (number, definition) => {
      slots.push(definition.slot);
      define(number, definition);
    };
    old.release();
    const next = cluster(store, "new").scope;
    const fresh = [next.counter("rq"), next.gauge("active")] as const;
    next.histogram("time");
    for (const handle of kept) handle.inc();
    time.record(5);
    old.scope.counter("late").inc();
    expect(fresh.map(({ value }) => value)).toEqual([0, 0]);
    reader.flush();
    expect(reader.histograms().map(({ name, used }) => [name, used])).toEqual([["cluster.new.time", false]]);
    expect(names()).toEqual(["cluster.new.rq", "cluster.new.active", "cluster.new.time"]);
    // For ever: the stripe does not grow.
    const most = Math.max(...slots);
    for (let i = 0; i < 50; i++) {
      const again = cluster(store, `round_${i}`);
      again.scope.counter("rq");
      again.scope.gauge("active");
      again.scope.histogram("time");
      again.release();
    }
    expect(Math.max(...slots)).toBeLessThan(most + 2 * HISTOGRAM_SLOTS);
  });

  it("are not given to others before the reader has kept what was counted", () => {
    const pending: StatRelease[] = [];
    const view = new LedgerView(ledger.share, 1);
    const store = new StatStore(view, {
      onDefine: (definition) => reader.define(1, definition),
      onRelease: (release) => pending.push(release),
      onFull: () => undefined,
    });
    cluster(thread(2), "a").scope.counter("rq");
    const held = cluster(store, "a");
    held.scope.counter("rq").add(7);
    held.release();
    cluster(store, "b").scope.counter("rq").add(100);
    for (const { group, id } of pending) {
      reader.release(1, group);
      store.reclaim(id);
    }
    expect(reader.value("cluster.a.rq")).toBe(7);
  });

  it("that meet in one name go with the last prefix", () => {
    const store = thread(1);
    const short = cluster(store, "foo");
    const long = cluster(store, "foo.internal");
    short.scope.scope("internal").counter("rq_200").inc();
    long.scope.counter("rq_200").inc();
    short.release();
    expect(reader.value("cluster.foo.internal.rq_200")).toBe(2);
    long.scope.counter("rq_200").inc();
    expect(reader.value("cluster.foo.internal.rq_200")).toBe(3);
    long.release();
    expect(names()).toEqual([]);
    // One that belongs to nobody stays.
    store.root.counter("cluster.foo.rq").inc();
    const again = cluster(store, "foo");
    again.scope.counter("rq").inc();
    again.release();
    expect(reader.value("cluster.foo.rq")).toBe(2);
  });

  it("of a thread that died wait for its successor: what that takes over stays", () => {
    const dying = thread(1);
    for (const name of ["a", "b"]) cluster(dying, name).scope.counter("rq").add(3);
    reader.retire(1);
    expect(names()).toEqual(["cluster.a.rq", "cluster.b.rq"]);
    const successor = cluster(thread(1), "a");
    successor.scope.counter("other");
    reader.succeeded(1);
    expect(names()).toEqual(["cluster.a.other", "cluster.a.rq"]);
    expect(reader.value("cluster.a.rq")).toBe(3);
    successor.release();
    expect(names()).toEqual([]);
  });
});

describe("a stripe that is full", () => {
  it("says so once, and goes on counting where nobody reads", () => {
    const full: string[] = [];
    const view = new LedgerView(ledger.share, 1);
    const store = new StatStore(view, {
      onDefine: (definition) => reader.define(1, definition),
      onRelease: () => undefined,
      onFull: (name) => full.push(name),
    });
    const room = Math.floor((view.stripeEnd - view.stripeStart) / HISTOGRAM_SLOTS) - 1;
    for (let i = 0; i < room + 2; i++) store.root.histogram(`h${i}`).record(i);
    expect(full).toEqual([`h${room}`]);
    expect(reader.histograms()).toHaveLength(room);
    expect(reader.counters()).toEqual([]);
  });
});

describe("sanitizeStatName", () => {
  it.each([
    ["127.0.0.1:80", "127.0.0.1_80"],
    ["[::1]:80", "[__1]_80"],
    ["http://a", "http_a"],
  ])("makes %s %s", (name, clean) => {
    expect(sanitizeStatName(name)).toBe(clean);
  });
});
