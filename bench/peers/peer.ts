/**
 * A proxy under measurement. All get the same work: HTTP/1.1 keep-alive, one route with prefix `/`, one cluster of two
 * hosts in round robin, x-forwarded-for and x-request-id on, no access log, one worker; the same over HTTP/2 and over TLS; and a
 * plain TCP listener to the first host where they can. Configs are written into the bench's folder, ports come from the operating system.
 */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Child, type ChildOptions } from "../machine/child.ts";

export interface Site {
  /** A folder for configs, logs and pid files, of this start alone. */
  readonly folder: string;
  /** Two upstream ports on 127.0.0.1. */
  readonly upstreams: readonly [number, number];
  readonly httpPort: number;
  readonly tcpPort: number;
  /** HTTP/2 without TLS, by prior knowledge. */
  readonly h2cPort: number;
  /** TLS 1.3 with ALPN: h2 and http/1.1. */
  readonly tlsPort: number;
  readonly adminPort: number;
  /** PEM files; one certificate for all. */
  readonly certificate: string;
  readonly key: string;
  /** For Envoy and Nuncio, as a duration of theirs. */
  readonly routeTimeout: string;
}

export interface Launch {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly name: string;
  /** What it does beside HTTP; nginx needs a module that may be missing, the floor knows no HTTP. */
  readonly http: boolean;
  readonly tcp: boolean;
  /** MiB that its reads may leave behind for a collector to take, however much memory it holds. */
  readonly garbageMib?: number;
  /** Where it is, or undefined when it is not installed. */
  find(): string | undefined;
  /** Writes its config and says how to start it. */
  prepare(program: string, site: Site): Launch;
}

export interface RunningPeer {
  readonly peer: Peer;
  readonly site: Site;
  readonly child: Child;
  /** From the start of the process to the first response through it, milliseconds. */
  readonly startMs: number;
}

const START_LIMIT_MS = 20_000;
const POLL_MS = 2;

/** Starts a peer and waits until a request has passed through it. */
export async function startPeer(
  peer: Peer,
  site: Site,
  options: Pick<ChildOptions, "core" | "environment"> = {},
): Promise<RunningPeer> {
  const program = peer.find();
  if (program === undefined) throw new Error(`${peer.name} is not installed`);
  const launch = peer.prepare(program, site);
  const start = performance.now();
  const child = new Child({
    ...launch,
    logFile: `${site.folder}/${peer.name}.log`,
    core: options.core,
    environment: { ...launch.environment, ...options.environment },
  });
  const port = peer.http ? site.httpPort : site.tcpPort;
  for (;;) {
    const status = await fetchHead(port).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) break;
    if (!child.running || performance.now() - start > START_LIMIT_MS) {
      await child.stop();
      throw new Error(`${peer.name} did not serve (last status ${status}): ${child.lastWords()}`);
    }
    await sleep(POLL_MS);
  }
  return { peer, site, child, startMs: performance.now() - start };
}

/** What arrives at the upstream for a plain request: shows that the proxies did the work that we compare. */
export function fetchHead(port: number): Promise<{ status: number; head: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: "127.0.0.1", path: "/head", agent: false, timeout: 5_000 }, (response) => {
      let head = "";
      response.setEncoding("latin1");
      response.on("data", (chunk: string) => {
        head += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, head }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", reject);
  });
}
