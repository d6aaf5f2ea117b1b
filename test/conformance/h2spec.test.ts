/**
 * h2spec, strict, against the program as it is shipped: with prior knowledge and over TLS. h2spec is a Go program; where it is not on the path and Go is
 * there, Go fetches it once into build/tools.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findProgram } from "../../bench/machine/find.ts";
import { httpUpstream } from "../e2e/support/upstream.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { plainConfig } from "../support/plain_config.ts";
import { startProgram } from "../support/program.ts";

const TOOLS = fileURLToPath(new URL("../../build/tools/", import.meta.url));
const PACKAGE = "github.com/summerwind/h2spec/cmd/h2spec@latest";
const ADMIN = { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } };
const FETCH_MS = 120_000;
const RUN_MS = 60_000;
const BIN = fileURLToPath(new URL("../../bin/nuncio", import.meta.url));

interface Run {
  readonly code: number;
  readonly text: string;
}

function run(program: string, args: readonly string[], timeout: number, env: object = {}): Promise<Run> {
  return new Promise((done) => {
    execFile(
      program,
      args,
      { timeout, env: { ...process.env, ...env }, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}${stderr}` });
      },
    );
  });
}

/** Where it is; undefined where it cannot be had. */
async function findH2spec(): Promise<string | undefined> {
  const there = findProgram("h2spec") ?? (existsSync(`${TOOLS}h2spec`) ? `${TOOLS}h2spec` : undefined);
  const go = findProgram("go") ?? (existsSync("/usr/local/go/bin/go") ? "/usr/local/go/bin/go" : undefined);
  if (there !== undefined || go === undefined) return there;
  const { code } = await run(go, ["install", PACKAGE], FETCH_MS, { GOBIN: TOOLS });
  return code === 0 ? `${TOOLS}h2spec` : undefined;
}

describe("h2spec --strict", () => {
  let h2spec: string | undefined;
  beforeAll(async () => {
    h2spec = await findH2spec();
    if (h2spec === undefined) console.warn("SKIPPED: no h2spec on this machine, and no Go that could fetch it");
  }, FETCH_MS);

  it.each(["h2c", "TLS"])(
    "finds no fault over %s",
    async (transport) => {
      if (h2spec === undefined) return;
      const upstream = await httpUpstream(onTestFinished, (request, response) => {
        request.on("data", () => undefined);
        request.on("end", () => response.end("a".repeat(1024)));
      });
      // By its preface alone a connection of AUTO that begins wrongly is one of HTTP/1, and is answered as such.
      const config = plainConfig(upstream.port, transport === "h2c" ? { codec_type: "HTTP2" } : {});
      if (transport === "TLS") secure(config);
      const program = await startProgram(BIN, JSON.stringify({ admin: ADMIN, ...config }));
      const port = program.listeners["plain"]?.split(":")[1] as string;
      const args = ["--strict", "-h", "127.0.0.1", "-p", port, "-o", "2", ...(transport === "TLS" ? ["-t", "-k"] : [])];
      const { code, text } = await run(h2spec, args, RUN_MS);
      const failures = text.indexOf("Failures:");
      expect(text.slice(failures < 0 ? -200 : failures)).toMatch(/\d+ tests, \d+ passed, 0 skipped, 0 failed/);
      expect(code).toBe(0);
    },
    RUN_MS + 20_000,
  );
});

function secure(config: object): void {
  const { certificate, key } = makeCertificate({ issuer: makeAuthority("ours") });
  const typed_config = {
    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
    common_tls_context: {
      alpn_protocols: ["h2", "http/1.1"],
      tls_certificates: [{ certificate_chain: { inline_string: certificate }, private_key: { inline_string: key } }],
    },
  };
  const { static_resources: resources } = config as { static_resources: { listeners: { filter_chains: object[] }[] } };
  for (const { filter_chains: chains } of resources.listeners)
    for (const chain of chains) Object.assign(chain, { transport_socket: { name: "tls", typed_config } });
}
