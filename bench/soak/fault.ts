/**
 * Preloaded into every thread of a Nuncio by the soak `worker_killed`: a worker that finds the file `$SOAK_FAULT` takes it
 * away and throws, as code that is broken would.
 */
import { unlinkSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const LOOK_MS = 50;
const trigger = process.env["SOAK_FAULT"];

if (!isMainThread && trigger !== undefined) {
  setInterval(() => {
    try {
      unlinkSync(trigger); // whoever succeeds is the one that falls
    } catch {
      return;
    }
    throw new Error("a fault that the soak injected");
  }, LOOK_MS).unref();
}
