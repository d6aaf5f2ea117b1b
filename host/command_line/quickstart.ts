/** `--quickstart`: the built-in config, with two upstreams in this process, so that the first curl gets an answer. */

import { createServer } from "node:net";
import { parse } from "yaml";
import type { Bootstrap } from "../config/types/bootstrap.ts";
import type { Proxy as RunningProxy } from "../index.ts";
import type { Logger } from "../log/logger.ts";
import { loadText } from "../wasm/assets.ts";
import { type DemoUpstream, startDemoUpstream } from "./demo_upstream.ts";
import { serve } from "./serve.ts";
import type { Settings } from "./settings.ts";

/** Clusters of examples/quickstart.yaml. */
const UPSTREAMS = ["blue", "green"];
/** Where it listens. */
const HOST = "127.0.0.1";
const PORT = 10_000;
const ADMIN_PORT = 9901;

/** @returns the exit code, after the last connection has ended */
export async function quickstart(settings: Settings, log: Logger): Promise<number> {
  for (const port of [PORT, ADMIN_PORT]) {
    if (await isFree(port)) continue;
    process.stderr.write(
      `nuncio: port ${port} of ${HOST} is taken, and the quickstart wants it; who has it: ss -ltnp sport = :${port}\n`,
    );
    return 1;
  }
  const upstreams = await Promise.all(UPSTREAMS.map(startDemoUpstream));
  try {
    return await serve(settings, log, {
      config: withPorts(parse(loadText("quickstart.yaml")), upstreams),
      onServing: (proxy) => process.stdout.write(introduction(proxy, upstreams)),
    });
  } finally {
    for (const upstream of upstreams) upstream.close();
  }
}

/** Asked without SO_REUSEPORT: with it a second quickstart would share the ports of the first, and take half of its connections. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: HOST, port }, () => server.close(() => resolve(true)));
  });
}

/** The config with each upstream's cluster at the port that the upstream was given. */
function withPorts(config: Bootstrap, upstreams: readonly DemoUpstream[]): object {
  const clusters = config.static_resources?.clusters?.map((cluster) => {
    const upstream = upstreams.find(({ name }) => name === cluster.name);
    if (upstream === undefined) return cluster;
    const address = { socket_address: { address: HOST, port_value: upstream.port } };
    const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
    return { ...cluster, load_assignment: { cluster_name: cluster.name, endpoints } };
  });
  return { ...config, static_resources: { ...config.static_resources, clusters } };
}

function introduction(proxy: RunningProxy, upstreams: readonly DemoUpstream[]): string {
  const front = `http://${proxy.listeners[0]?.addresses[0]}`;
  const admin = `http://${HOST}:${ADMIN_PORT}`;
  return `Nuncio is serving.
  ${front}   the proxy
  ${admin}    its admin pages
${upstreams.map(({ name, port }) => `  http://${HOST}:${port}   ${name}, an upstream to try it on`).join("\n")}

Try, in another terminal:
  curl ${front}/
  curl ${front}/green/leaf
  curl "${admin}/stats?filter=cluster.green&usedonly"
  bin/nuncio explain /green/leaf

Ctrl-C ends it.
`;
}
