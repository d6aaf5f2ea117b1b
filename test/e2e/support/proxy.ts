// A proxy through the library door, stopped at the end of the test or file that started it.
import { mkdirSync } from "node:fs";
import { type Config, createProxy, type Proxy as LibraryProxy, type ProxyOptions } from "../../../host/index.ts";

// Its threads compile the tree once and not once a test, as they do under bin/nuncio.
process.env["NODE_COMPILE_CACHE"] ??= "build/compile_cache";
mkdirSync("build", { recursive: true });

export interface RunningProxy {
  readonly proxy: LibraryProxy;
  /** Of the first listener. */
  readonly port: number;
  /** `http://127.0.0.1:PORT` of the first listener. */
  readonly url: string;
  /** Lines of the log so far. */
  readonly log: readonly string[];
  counter(name: string): Promise<number>;
  gauge(name: string): Promise<number>;
}

/** `whenOver`: vitest's `onTestFinished` or `afterAll`. */
export async function startProxy(
  whenOver: (end: () => Promise<void>) => void,
  config: Config,
  options: Partial<ProxyOptions> = {},
): Promise<RunningProxy> {
  const log: string[] = [];
  const proxy = await createProxy({
    config,
    concurrency: 1,
    fileFlushIntervalMs: 10,
    onLogLine: (line) => {
      log.push(line);
      // A worker that fell explains whatever the test will say next.
      if (line.includes("[critical]") && options.onLogLine === undefined) process.stderr.write(line);
    },
    ...options,
  });
  whenOver(() => proxy.stop());
  const address = proxy.listeners[0]?.addresses[0] ?? "";
  return {
    proxy,
    log,
    port: Number(address.slice(address.lastIndexOf(":") + 1)),
    url: `http://${address}`,
    counter: async (name) => (await proxy.stats()).counters[name] ?? 0,
    gauge: async (name) => (await proxy.stats()).gauges[name] ?? 0,
  };
}
