import { beforeEach, describe, expect, it } from "vitest";
import { sampleCount } from "../../../host/stats/bins.ts";
import { StatReader } from "../../../host/stats/reader.ts";
import { StatStore, sanitizeStatName } from "../../../host/stats/scope.ts";
import { HISTOGRAM_SLOTS } from "../../../host/wasm/layout.gen.ts";
import { Ledger, LedgerView } from "../../../host/wasm/ledger.ts";

let ledger: Ledger;
let reader: StatReader;

/** A thread's stats, whose definitions reach the reader at once. */
function thread(number: number): StatStore {
  return new StatStore(new LedgerView(ledger.share, number), {
    onDefine: (definition) => reader.define(number, structuredClone(definition)),
    onFull: (name) => {
      throw new Error(`no room for ${name}`);
    },
  });
}

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

  it("forget what is gone, and use its cells again from zero", () => {
    const store = thread(1);
    store.root.scope("cluster.old").counter("rq").add(9);
    store.root.scope("cluster.old").histogram("time").record(1);
    store.root.scope("cluster.older").counter("rq").inc();
    reader.flush();
    store.remove("stats", "cluster.old.");
    reader.remove("stats", "cluster.old.");
    expect(reader.counters().map(({ name }) => name)).toEqual(["cluster.older.rq"]);
    expect(reader.histograms()).toEqual([]);
    expect(store.root.scope("cluster.new").counter("rq").value).toBe(0);
    store.root.scope("cluster.new").histogram("time");
    reader.flush();
    expect(reader.histograms()[0]?.used).toBe(false);
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

describe("a stripe that is full", () => {
  it("says so once, and goes on counting where nobody reads", () => {
    const full: string[] = [];
    const view = new LedgerView(ledger.share, 1);
    const store = new StatStore(view, {
      onDefine: (definition) => reader.define(1, definition),
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
