// What listener filters find out chooses the chain, and stands in logs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { fileLog, loopback, ROUTER } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { startProxy } from "./support/proxy.ts";
import { Wire } from "./support/wire.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters";
const inspector = (name: string, message: string, config: object = {}) => ({
  name,
  typed_config: { "@type": `${TYPE}.listener.${name}.v3.${message}`, ...config },
});

function chain(name: string, match: object, path: string): object {
  const routes = [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: name } } }];
  return {
    name,
    filter_chain_match: match,
    filters: [
      {
        name: "envoy.filters.network.http_connection_manager",
        typed_config: {
          "@type": `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
          stat_prefix: name,
          http_protocol_options: { accept_http_10: true },
          http_filters: [ROUTER],
          access_log: [fileLog(path, "%FILTER_CHAIN_NAME% %TLS_JA3_FINGERPRINT% %TLS_JA4_FINGERPRINT%")],
          route_config: { virtual_hosts: [{ name, domains: ["*"], routes }] },
        },
      },
    ],
  };
}

describe.each(NETS)("listener filters over %s sockets", (net) => {
  it("tell HTTP/1.0 from HTTP/1.1 and from what is neither, and know a TLS client again", async () => {
    const path = join(temporaryFolder(), "access.log");
    const front = await startProxy(
      onTestFinished,
      {
        static_resources: {
          listeners: [
            {
              name: "front",
              address: loopback(0),
              listener_filters: [
                inspector("tls_inspector", "TlsInspector", {
                  enable_ja3_fingerprinting: true,
                  enable_ja4_fingerprinting: true,
                }),
                inspector("http_inspector", "HttpInspector"),
              ],
              filter_chains: [
                chain("new", { application_protocols: ["http/1.1"] }, path),
                chain("old", { application_protocols: ["http/1.0"] }, path),
                chain("secret", { transport_protocol: "tls" }, path),
              ],
            },
          ],
        },
      },
      { net },
    );
    const body = async (...pieces: string[]) => {
      const wire = await Wire.toPort(front.port);
      onTestFinished(() => wire.close());
      for (const piece of pieces) {
        wire.send(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await wire.untilEnd();
      return wire.text.split("\r\n\r\n")[1];
    };
    expect(await body("GET / HT", "TP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).toBe("new");
    expect(await body("GET / HTTP/1.0\r\nhost: a\r\n\r\n")).toBe("old");
    expect(await body("hello\r\n")).toBeUndefined();
    expect(await front.counter("http_inspector.http_not_found")).toBe(1);
    expect(await front.counter("listener.127.0.0.1_0.no_filter_chain_match")).toBe(1);
    // The chain has no certificate: its answer is no TLS, and its log has what the client gave away.
    const client = tlsConnect({ port: front.port, host: "127.0.0.1", servername: "a.example", ALPNProtocols: ["h2"] });
    await new Promise<void>((resolve) => client.once("error", () => resolve()));
    client.destroy();
    await expect
      .poll(() => readFileSync(path, "utf8").split("\n").toSorted())
      .toEqual([
        "",
        "new - -",
        "old - -",
        expect.stringMatching(/^secret [0-9a-f]{32} t13d\d{4}h2_[0-9a-f]{12}_[0-9a-f]{12}$/),
      ]);
  });
});
