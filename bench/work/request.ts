/**
 * Nanoseconds of our own code per proxied request: a whole worker over sockets in memory. The lowest of many short batches
 * counts, since on a busy machine most batches are disturbed and none runs faster than it can.
 */
import { readFileSync } from "node:fs";
import type { Work } from "../figure.ts";
import { expectedBody } from "../load/body.ts";
import { writeBootstrap } from "../peers/bootstrap.ts";
import { digits, printTable } from "../table.ts";

const CONNECTIONS = 32;
const BATCH_REQUESTS = 4_000;
const WARM_REQUESTS = 100_000;
const BATCHES = 200;
const QUICK_BATCHES = 60;

const REQUEST = Buffer.from(
  "GET /bytes/1024 HTTP/1.1\r\nHost: bench.example:10000\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench/1.0\r\n" +
    "Accept: text/html,application/json;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n" +
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n",
);

export const request: Work = {
  name: "request",
  title: "Our own code alone: nanoseconds per proxied request over sockets in memory",
  async run(stand) {
    // Only now: the modules must be built, and the other works do without.
    const { openInMemory } = await import("../path/in_memory.ts");
    // Ports of the net in memory.
    const ports = {
      upstreams: [10_001, 10_002],
      httpPort: 10_000,
      tcpPort: 10_003,
      h2cPort: 10_004,
      tlsPort: 10_005,
    } as const;
    const bootstrap = readFileSync(writeBootstrap({ ...(await stand.site()), ...ports }), "utf8");
    const rows: string[][] = [];
    const figures = [];
    for (const bodyBytes of [1024, 16_384]) {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
      const response = Buffer.concat([Buffer.from(head), expectedBody(bodyBytes)]);
      const exchange = await openInMemory(bootstrap, CONNECTIONS, REQUEST, response);
      exchange(WARM_REQUESTS);
      let lowest = Number.POSITIVE_INFINITY;
      for (let batch = 0; batch < (stand.quick ? QUICK_BATCHES : BATCHES); batch++) {
        const start = process.hrtime.bigint();
        exchange(BATCH_REQUESTS);
        lowest = Math.min(lowest, Number(process.hrtime.bigint() - start) / BATCH_REQUESTS);
      }
      rows.push([String(bodyBytes), digits(lowest)]);
      figures.push({ name: `request: body of ${bodyBytes}`, value: lowest, unit: "ns" });
    }
    printTable("Our own code per request, one thread", ["body, bytes", "ns"], rows);
    return figures;
  },
};
