/** An upstream to look at: it answers each request with its own name and what it saw. */

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface DemoUpstream {
  readonly name: string;
  readonly port: number;
  close(): void;
}

/** Listens on loopback, on a port that the system chooses. */
export function startDemoUpstream(name: string): Promise<DemoUpstream> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.end(report(name, request));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      const close = () => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ name, port, close });
    });
  });
}

function report(name: string, { method, url, headers }: IncomingMessage): string {
  const lines = Object.entries(headers).map(([field, value]) => `  ${field}: ${value}`);
  return `hello from ${name}, which saw\n${method} ${url}\n${lines.join("\n")}\n`;
}
