/**
 * The entry of a worker thread: joins the runtime to real sockets, the machine's clock, and the main thread. Beside the two
 * doors (main, index) this is the one file that hands the filters to the host: a thread cannot be given functions.
 */

import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { listenerFilters, networkFilters } from "../filters/registry.ts";
import { AccessLogSinks } from "./access_log/sinks.ts";
import { explain } from "./explain/explain.ts";
import { ExplainRing } from "./explain/ring.ts";
import { Logs } from "./log/logger.ts";
import { chooseNet } from "./net/choose_net.ts";
import { SystemClock } from "./net/clock.ts";
import { LoopPass } from "./net/loop_pass.ts";
import { ReadStage } from "./net/read_stage.ts";
import { NodeAlarm, TimerWheel } from "./net/timer_wheel.ts";
import { StatStore } from "./stats/scope.ts";
import { Core } from "./wasm/core.ts";
import { LedgerView } from "./wasm/ledger.ts";
import { readBufferOf, readStageOf } from "./wasm/memory.ts";
import type { FromWorker, ToWorker, WorkerBirth } from "./workers/messages.ts";
import { WorkerRuntime } from "./workers/worker.ts";

const port = parentPort;
if (port === null) throw new Error("this file is the entry of a worker thread");
const birth = workerData as WorkerBirth;
const thread = birth.index + 1;

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

/** Our own fault: what this worker holds in memory is not to be trusted any more. */
function fault(error: unknown): void {
  post({ type: "fault", reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  // The main thread terminates us; until then nothing more is served.
  process.exit(1);
}
process.on("uncaughtException", fault);

const logs = new Logs({
  sink: { write: (line) => post({ type: "log", line }) },
  format: birth.log.format,
  escapeNewlines: birth.log.escapeNewlines,
  levels: birth.log.levels,
  thread,
});
const clock = new SystemClock();
const timers = new TimerWheel(clock, new NodeAlarm(), fault);
const ledger = new LedgerView(birth.ledger, thread);
const core = new Core({ seed: birth.seed, configArenaBytes: birth.configArenaBytes, ledger });
const onWake = () => clock.refresh();
// libuv's check phase: it follows the poll phase, in which sockets are read.
const pass = new LoopPass(setImmediate);
const { net, fallbackReason } = chooseNet(birth.net, {
  readBuffer: readBufferOf(core),
  stage: new ReadStage(readStageOf(core), pass, onWake),
  onWake,
  onFault: fault,
});
const stats = new StatStore(ledger, {
  onDefine: (definition) => post({ type: "stat", definition }),
  onRelease: (release) => post({ type: "statsReleased", release }),
  onFull: (name) => post({ type: "statsFull", name }),
});
const accessLogSinks = new AccessLogSinks({
  timers,
  readFile: (path) => readFileSync(path),
  post: (batch) => post({ type: "accessLog", batch }, [batch.bytes.buffer]),
});
const ring = new ExplainRing(core);
const runtime = new WorkerRuntime({
  index: birth.index,
  core,
  ledger,
  stats,
  net,
  timers,
  node: birth.node,
  seed: birth.seed[0] ^ birth.seed[1],
  accessLogSinks,
  networkFilters,
  listenerFilters,
  drainTimeMs: birth.drainTimeMs,
  observer: ring,
  pass,
  onAcceptTrouble: (listener, code) =>
    logs.logger("conn_handler").warning(`listener '${listener}': accept failed: ${code}`),
});

const explainParts = {
  index: birth.index,
  core,
  ring,
  wallAt: (ms: number) => clock.wallAt(ms),
  clusters: runtime.clusters,
  routeTables: () => runtime.listeners.routeTables,
};

/** One after the other: what stops listeners must not overtake what opens them. */
let handled: Promise<void> = Promise.resolve();
port.on("message", (message: ToWorker) => {
  handled = handled.then(() => {
    clock.refresh();
    return onMessage(message);
  });
  handled.catch(fault);
});

async function onMessage(message: ToWorker): Promise<void> {
  switch (message.type) {
    case "snapshot": {
      const problems = await runtime.apply(message.snapshot);
      post({
        type: "applied",
        version: message.snapshot.version,
        bound: runtime.listeners.bound,
        refused: runtime.listeners.refused,
        problems,
      });
      break;
    }
    case "hosts": {
      const problem = runtime.updateHosts(message.cluster, message.hosts);
      if (problem !== "") logs.logger("upstream").warning(problem);
      break;
    }
    case "secrets":
      runtime.secrets.update(message.secrets);
      break;
    case "reclaimStats":
      stats.reclaim(message.id);
      break;
    case "holding":
      post({ type: "held", id: message.id, cells: runtime.clusters.holding(message.cells) });
      break;
    case "sync":
      accessLogSinks.flush();
      post({ type: "synced", id: message.id, activeConnections: runtime.listeners.activeConnections });
      break;
    case "stopListeners":
      await runtime.listeners.stop(
        (listener) => !message.inboundOnly || listener.config.traffic_direction === "INBOUND",
      );
      break;
    case "drain":
      runtime.drains = true;
      runtime.listeners.drain();
      break;
    case "failHealthChecks":
      runtime.isFailingHealth = message.isFailing;
      break;
    case "overload":
      runtime.overload = message.state;
      break;
    case "acknowledge":
      accessLogSinks.acknowledge(message.bytes);
      break;
    case "explain":
      post({ type: "explained", id: message.id, explanation: explain(message.query, explainParts) });
      break;
    case "fault":
      if (message.how === "trap") core.exports.headerCount(0);
      throw new Error("a fault was asked for");
  }
}

post({ type: "started", netKind: net.kind, fallbackReason });
