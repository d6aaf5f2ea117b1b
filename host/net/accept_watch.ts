/**
 * Trouble with accepting, told once per episode.
 *
 * When descriptors run out libuv accepts and closes new connections without a word, so that a full queue does not spin
 * the loop; the node streams inherit that. So the watch asks itself, once a second while something listens, whether a
 * descriptor can still be had: one open and one close of /dev/null.
 */

import { closeSync, openSync } from "node:fs";

const PROBE_INTERVAL_MS = 1_000;

export class AcceptWatch {
  private readonly onTrouble: (code: string) => void;
  private readonly probeTimer: NodeJS.Timeout;
  private isInTrouble = false;

  constructor(onTrouble: (code: string) => void) {
    this.onTrouble = onTrouble;
    this.probeTimer = setInterval(() => this.probe(), PROBE_INTERVAL_MS);
    this.probeTimer.unref();
  }

  /** An accept failed with this errno name. */
  failed(code: string): void {
    if (this.isInTrouble) return;
    this.isInTrouble = true;
    this.onTrouble(code);
  }

  stop(): void {
    clearInterval(this.probeTimer);
  }

  private probe(): void {
    try {
      closeSync(openSync("/dev/null", "r"));
      this.isInTrouble = false;
    } catch (error) {
      this.failed((error as NodeJS.ErrnoException).code ?? "EMFILE");
    }
  }
}
