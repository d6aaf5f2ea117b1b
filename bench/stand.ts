/**
 * The stand on which all works run: one folder, one upstream, the proxies of this machine. Proxies that several works use
 * are started once and kept; each has proven, before anything is measured, that it does the same work as the others.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Generator, type LoadTarget } from "./load/generator.ts";
import { H2Load, type H2LoadTarget } from "./load/h2load.ts";
import { buildNative, type Native } from "./load/native.ts";
import { Child } from "./machine/child.ts";
import { writeCredentials } from "./machine/credentials.ts";
import { type Cores, chooseCores } from "./machine/find.ts";
import { freePorts } from "./machine/ports.ts";
import { fetchHead, type Peer, type RunningPeer, type Site, startPeer } from "./peers/peer.ts";

export class Stand {
  readonly folder = mkdtempSync(join(tmpdir(), "nuncio-bench-"));
  readonly cores: Cores = chooseCores();
  readonly native: Native = buildNative(this.folder);
  readonly quick: boolean;
  /** What went wrong, in words; a bench with troubles ends with exit code 1. */
  readonly troubles: string[] = [];
  #upstreams: readonly [number, number] = [0, 0];
  #upstream: Child | undefined;
  #started = 0;
  readonly #routeTimeout: string;
  readonly #credentials = writeCredentials(this.folder);
  readonly #shared = new Map<string, RunningPeer>();
  #peers: Peer[] = [];

  /** @param routeTimeout Envoy's route timeout: its default in a bench, "0s" where a response may take its time. */
  constructor(quick: boolean, routeTimeout: "15s" | "0s" = "15s") {
    this.quick = quick;
    this.#routeTimeout = routeTimeout;
  }

  /** Starts the upstream, and says aloud which of `peers` are not here. */
  async open(peers: (native: Native) => readonly Peer[]): Promise<void> {
    this.#upstreams = (await freePorts(2)) as [number, number];
    const { command, arguments: fixed } = this.native.upstream;
    this.#upstream = new Child({
      command,
      arguments: [...fixed, ...this.#upstreams.map(String)],
      logFile: join(this.folder, "upstream.log"),
      core: this.cores.others,
      lines: true,
    });
    await this.#upstream.ask();
    for (const peer of peers(this.native)) {
      if (peer.find() !== undefined) this.#peers.push(peer);
      else console.log(`SKIPPED ${peer.name}: not installed`);
    }
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  /** A folder and ports for one start; the cluster's hosts are the stand's upstream unless others are given. */
  async site(upstreams: readonly [number, number] = this.#upstreams): Promise<Site> {
    const folder = join(this.folder, String(this.#started++));
    mkdirSync(folder);
    const [httpPort = 0, tcpPort = 0, h2cPort = 0, tlsPort = 0, adminPort = 0] = await freePorts(5);
    const ports = { httpPort, tcpPort, h2cPort, tlsPort, adminPort };
    return { folder, upstreams, ...ports, ...this.#credentials, routeTimeout: this.#routeTimeout };
  }

  /** A fresh process of the peer, alone on its core. The caller stops it. */
  async start(
    peer: Peer,
    environment: Record<string, string> = {},
    upstreams: readonly [number, number] = this.#upstreams,
  ): Promise<RunningPeer> {
    const running = await startPeer(peer, await this.site(upstreams), { core: this.cores.proxy, environment });
    if (peer.http) await proveWork(running);
    return running;
  }

  /** All peers that `fit`, running; started at their first use. A peer that fails is told and left out from then on. */
  async shared(fit: (peer: Peer) => boolean): Promise<RunningPeer[]> {
    const chosen: RunningPeer[] = [];
    for (const peer of this.#peers.filter(fit)) {
      try {
        let running = this.#shared.get(peer.name);
        if (running === undefined || !running.child.running) {
          running = await this.start(peer);
          this.#shared.set(peer.name, running);
        }
        chosen.push(running);
      } catch (error) {
        this.trouble(peer, error);
      }
    }
    return chosen;
  }

  /** Says that a peer failed, and goes on without it. */
  trouble(peer: Peer, error: unknown): void {
    const text = `FAILED ${peer.name}: ${(error as Error).message}`;
    console.log(text);
    this.troubles.push(text);
    this.#peers = this.#peers.filter((other) => other !== peer);
  }

  generator(target: LoadTarget): Promise<Generator> {
    return Generator.start(this.native.load, target, join(this.folder, "load.log"), this.cores.others);
  }

  /** A generator for HTTP/2 and for TLS; undefined where h2load is not installed, which it says. */
  h2load(target: H2LoadTarget): H2Load | undefined {
    return H2Load.find(target, this.cores.others);
  }

  /** Ends the proxies that are kept for later works, so that one which wants the core for itself has it. */
  async stopShared(): Promise<void> {
    await Promise.all([...this.#shared.values()].map(({ child }) => child.stop()));
    this.#shared.clear();
  }

  async close(): Promise<void> {
    await this.stopShared();
    await this.#upstream?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A proxy that leaves out a part of the work must not win by it. */
async function proveWork({ peer, site }: RunningPeer): Promise<void> {
  const { head } = await fetchHead(site.httpPort);
  for (const field of ["x-forwarded-for", "x-request-id"]) {
    if (!new RegExp(`^${field}: .`, "im").test(head)) throw new Error(`it sends no ${field}, so it does less work`);
  }
  if (peer.http && !/^GET \/head HTTP\/1\.1\r$/m.test(head)) throw new Error("it speaks no HTTP/1.1 to the upstream");
}
