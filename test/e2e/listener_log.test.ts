// The access log of a listener: a line for each connection, also for those that never got to a filter.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { fileLog, httpConfig, tcpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { startProxy } from "./support/proxy.ts";
import { rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const inline = (text: string) => ({ inline_string: text });
const authority = makeAuthority("ours");
const server = makeCertificate({ issuer: authority });
const FORMAT =
  "%FILTER_CHAIN_NAME% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %DOWNSTREAM_TRANSPORT_FAILURE_REASON% %CONNECTION_TERMINATION_DETAILS% %BYTES_RECEIVED% %BYTES_SENT% %PROTOCOL% %UPSTREAM_CLUSTER% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%";
const GET = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const direct = { match: { prefix: "/" }, direct_response: { status: 200, body: inline("hello") } };

interface Listeners {
  static_resources: { listeners: { filter_chains: object[] }[]; clusters?: object[] };
}

/** The only listener of a config, changed, with a log. */
function logged(config: object, path: string, change: (chain: object) => object): object {
  const { static_resources: resources } = config as Listeners;
  const [listener] = resources.listeners;
  const filter_chains = (listener?.filter_chains ?? []).map((chain) => change({ name: "chain", ...chain }));
  const listeners = [{ ...listener, filter_chains, access_log: [fileLog(path, FORMAT)] }];
  return { static_resources: { ...resources, listeners } };
}

describe.each(NETS)("the access log of a listener over %s sockets", (net) => {
  const log = () => {
    const path = join(temporaryFolder(), "listener.log");
    return { path, line: () => readFileSync(path, "utf8") };
  };

  async function say(port: number, bytes: string): Promise<Wire> {
    const wire = await Wire.toPort(port);
    onTestFinished(() => wire.close());
    wire.send(bytes);
    return wire;
  }

  it("has a line for a connection that carried requests, when it has ended", async () => {
    const { path, line } = log();
    const config = logged(httpConfig({ routes: [direct] }), path, (chain) => chain);
    const { port } = await startProxy(onTestFinished, config, { net });
    const wire = await say(port, GET);
    await wire.untilEnd();
    wire.close();
    await expect.poll(line).toMatch(/^chain - - - - 46 \d+ HTTP\/1\.1 - 127\.0\.0\.1\n$/);
  });

  it("has a line for a raw connection, with its upstream", async () => {
    const { path, line } = log();
    const upstream = await rawUpstream(onTestFinished, (socket) => socket.on("data", () => socket.end("answer")));
    const config = logged(tcpConfig({ a: upstream.port }, { cluster: "a" }), path, (chain) => chain);
    const { port } = await startProxy(onTestFinished, config, { net });
    const wire = await say(port, "word");
    await wire.untilEnd();
    wire.close();
    await expect.poll(line).toBe("chain - - - - 4 6 - a 127.0.0.1\n");
  });

  it("has a line for a connection that no chain would have", async () => {
    const { path, line } = log();
    const config = logged(httpConfig({ routes: [direct] }), path, (chain) => ({
      ...chain,
      filter_chain_match: { source_prefix_ranges: [{ address_prefix: "192.0.2.0", prefix_len: 24 }] },
    }));
    const { port } = await startProxy(onTestFinished, config, { net });
    const wire = await say(port, GET);
    expect(await wire.untilEnd()).not.toBe("open");
    await expect.poll(line).toBe("- NR filter_chain_not_found - - 0 0 - - 127.0.0.1\n");
  });

  it("has a line for a handshake that failed, and why; its manager counts the connection", async () => {
    const { path, line } = log();
    const typed_config = {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      require_client_certificate: true,
      common_tls_context: {
        tls_certificates: [{ certificate_chain: inline(server.certificate), private_key: inline(server.key) }],
        validation_context: { trusted_ca: inline(authority.certificate) },
      },
    };
    const config = logged(httpConfig({ routes: [direct] }), path, (chain) => ({
      ...chain,
      transport_socket: { name: "tls", typed_config },
      transport_socket_connect_timeout: "0.2s",
    }));
    const front = await startProxy(onTestFinished, config, { net });
    const client = tlsConnect({
      port: front.port,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      maxVersion: "TLSv1.2",
    });
    await new Promise<void>((resolve) => client.once("error", () => resolve()));
    const reason =
      "TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:peer_did_not_provide_required_client_certificate:TLS_error_end";
    await expect.poll(line).toBe(`chain - - ${reason} - 0 0 - - 127.0.0.1\n`);
    const silent = await say(front.port, "\x16\x03");
    expect(await silent.untilEnd()).not.toBe("open");
    await expect.poll(line).toContain("\nchain - - - transport socket timeout was reached 0 0 - - 127.0.0.1\n");
    expect(await front.counter("http.front.downstream_cx_total")).toBe(2);
    expect(await front.counter("http.front.downstream_cx_ssl_total")).toBe(2);
    expect(await front.counter("http.front.downstream_cx_destroy_local")).toBe(1);
    expect(await front.gauge("http.front.downstream_cx_active")).toBe(0);
  });
});
