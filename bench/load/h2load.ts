/**
 * h2load (nghttp2) as the generator for HTTP/2 and for HTTP/1.1 over TLS. It opens its connections anew in every run: a run has enough
 * requests for that to be lost in it. Its own report is checked: a request that failed, another status or a missing byte is no figure.
 */
import { execFile } from "node:child_process";
import { findProgram } from "../machine/find.ts";

export interface H2LoadTarget {
  readonly url: string;
  readonly protocol: "h2" | "http/1.1";
  readonly connections: number;
  /** At a time on each connection; 1 for HTTP/1.1. */
  readonly streams: number;
  readonly bodyBytes: number;
}

export interface H2LoadResult {
  readonly count: number;
  readonly seconds: number;
}

/** One cipher for all: else each proxy's library chooses its own. */
const CIPHER = "TLS_AES_128_GCM_SHA256";
/** The fields of a browser, as load.c sends them. */
const FIELDS = [
  "user-agent: Mozilla/5.0 (X11; Linux x86_64) bench/1.0",
  "accept: text/html,application/json;q=0.9,*/*;q=0.8",
  "accept-encoding: gzip, deflate, br",
  "cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
];
const RUN_LIMIT_MS = 120_000;

export class H2Load {
  readonly #command: readonly string[];
  readonly #target: H2LoadTarget;

  private constructor(command: readonly string[], target: H2LoadTarget) {
    this.#command = command;
    this.#target = target;
  }

  static find(target: H2LoadTarget, core: number | undefined): H2Load | undefined {
    const program = findProgram("h2load");
    if (program === undefined) {
      console.log("SKIPPED HTTP/2 and TLS: h2load is not installed");
      return undefined;
    }
    return new H2Load(core === undefined ? [program] : ["taskset", "-c", String(core), program], target);
  }

  /** Closed loop: every stream is followed by the next when it has ended. */
  async closed(count: number): Promise<H2LoadResult> {
    const { bodyBytes, connections, protocol, streams, url } = this.#target;
    const [command, ...fixed] = this.#command as [string, ...string[]];
    const begun = performance.now();
    const report = await run(command, [
      ...fixed,
      ...(protocol === "h2" ? [] : ["--h1"]),
      `--tls13-ciphers=${CIPHER}`,
      `--clients=${connections}`,
      `--max-concurrent-streams=${streams}`,
      `--requests=${count}`,
      ...FIELDS.map((field) => `--header=${field}`),
      url,
    ]);
    const seconds = (performance.now() - begun) / 1000;
    const succeeded = Number(/^requests: .* (\d+) succeeded, 0 failed/m.exec(report)?.[1] ?? 0);
    const ok = Number(/^status codes: (\d+) 2xx/m.exec(report)?.[1] ?? 0);
    const data = Number(/^traffic: .*\((\d+)\) data$/m.exec(report)?.[1] ?? 0);
    if (succeeded !== count || ok !== count || data !== count * bodyBytes)
      throw new Error(`h2load: ${count} requests, ${ok} answers of 2xx, ${data} bytes of content\n${report}`);
    if (url.startsWith("https") && !new RegExp(`^Application protocol: ${protocol}$`, "m").test(report))
      throw new Error(`h2load: ${protocol} was not agreed on`);
    return { count, seconds };
  }

  async stop(): Promise<void> {}
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: RUN_LIMIT_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`h2load: ${error.message} ${stderr}`));
    });
  });
}
