/**
 * The conversation with a generator process (load.c or its twin load.ts). It keeps its connections between commands,
 * so rounds on several proxies can be interleaved; it is idle between commands, so CPU clocks read around one are exact.
 */
import { build, type Histogram } from "hdr-histogram-js";
import { Child } from "../machine/child.ts";
import type { Program } from "./native.ts";

export interface LoadTarget {
  readonly port: number;
  readonly connections: number;
  readonly path: string;
  readonly bodyBytes: number;
}

export interface LoadResult {
  readonly count: number;
  readonly seconds: number;
  /** Latencies: highest value of a bucket in nanoseconds, and its count. Two or more significant digits. */
  readonly buckets: readonly (readonly [number, number])[];
}

export class Generator {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(program: Program, target: LoadTarget, logFile: string, core?: number): Promise<Generator> {
    const { port, connections, path, bodyBytes } = target;
    const child = new Child({
      command: program.command,
      arguments: [...program.arguments, String(port), String(connections), path, String(bodyBytes)],
      logFile,
      core,
      lines: true,
    });
    await child.ask();
    return new Generator(child);
  }

  /** Closed loop: every connection sends its next request when the last one is answered. */
  closed(count: number): Promise<LoadResult> {
    return this.#run(`closed ${count}`);
  }

  /** Open loop at `rate` requests a second; latency counts from the moment a request was due. */
  open(rate: number, count: number): Promise<LoadResult> {
    return this.#run(`open ${rate} ${count}`);
  }

  /** One request on each connection, `window` at a time; all of them stay open. */
  each(window: number): Promise<LoadResult> {
    return this.#run(`each ${window}`);
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }

  async #run(command: string): Promise<LoadResult> {
    const answer = JSON.parse(await this.#child.ask(command));
    if (answer.error !== undefined) throw new Error(`load generator: ${answer.error}`);
    return { count: answer.count, seconds: answer.elapsedNs / 1e9, buckets: answer.histogram };
  }
}

/** A histogram in nanoseconds up to a minute, to which the buckets of several commands may be added. */
export function emptyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
}
