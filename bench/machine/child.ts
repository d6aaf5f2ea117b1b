/**
 * Processes that the bench starts: pinned to a core where the machine allows it, their output kept in files, answers
 * read line by line, and every one of them ended when the bench ends, whichever way it ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";

export interface ChildOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Where standard error goes, and standard output too unless `lines` is set. */
  readonly logFile: string;
  /** Core to stay on; undefined leaves the choice to the kernel. */
  readonly core?: number | undefined;
  /** Standard output is a conversation, see `Child.ask`. */
  readonly lines?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
}

const GRACE_MS = 3_000;
const living = new Set<Child>();

export class Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<number | null>;
  readonly #logFile: string;
  readonly #lines: Interface | undefined;
  readonly #read: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;

  constructor(options: ChildOptions) {
    const log = openSync(options.logFile, "a");
    const pinned = options.core === undefined ? [] : ["taskset", "-c", String(options.core)];
    const [command, ...rest] = [...pinned, options.command, ...options.arguments];
    this.process = spawn(command as string, rest, {
      stdio: [options.lines ? "pipe" : "ignore", options.lines ? "pipe" : log, log],
      env: { ...process.env, ...options.environment },
    });
    closeSync(log);
    this.#logFile = options.logFile;
    this.pid = this.process.pid ?? 0;
    this.exited = new Promise((resolve) => {
      this.process.once("error", () => resolve(null));
      this.process.once("exit", (code) => resolve(code));
    });
    living.add(this);
    this.exited.then(() => {
      living.delete(this);
      this.#deliver(undefined);
    });
    if (this.process.stdout !== null) {
      this.#lines = createInterface({ input: this.process.stdout });
      this.#lines.on("line", (line) => this.#deliver(line));
    }
    this.process.stdin?.on("error", () => {}); // it died; `ask` says so
  }

  get running(): boolean {
    return living.has(this);
  }

  /** Sends one line, if any, and gives the next line that the child prints. Throws when it ends instead. */
  async ask(line?: string): Promise<string> {
    if (line !== undefined) this.process.stdin?.write(`${line}\n`);
    const early = this.#read.shift();
    if (early !== undefined) return early;
    const answer = this.running
      ? await new Promise<string | undefined>((resolve) => (this.#waiting = resolve))
      : undefined;
    if (answer === undefined) throw new Error(`process ended instead of an answer: ${this.lastWords()}`);
    return answer;
  }

  /** The end of its log, for an error message. */
  lastWords(): string {
    return readFileSync(this.#logFile, "utf8").trimEnd().split("\n").slice(-5).join("\n");
  }

  /** Ends it, kindly first. Resolves with the time it took in milliseconds. */
  async stop(): Promise<number> {
    const start = performance.now();
    if (this.running) {
      this.process.kill("SIGTERM");
      const force = setTimeout(() => this.process.kill("SIGKILL"), GRACE_MS);
      await this.exited;
      clearTimeout(force);
    }
    return performance.now() - start;
  }

  #deliver(line: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) waiting(line);
    else if (line !== undefined) this.#read.push(line);
  }
}

/** Ends everything that still runs; for the last breath of the bench. */
export function killAll(): void {
  for (const child of living) child.process.kill("SIGKILL");
}
