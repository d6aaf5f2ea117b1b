// TLS in front, behind, and on both sides: real handshakes through a whole proxy.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import {
  type ConnectionOptions,
  createServer as createTlsServer,
  type TLSSocket,
  connect as tlsConnect,
} from "node:tls";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeAuthority, makeCertificate, type TestCertificate } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { assignment, fileLog, httpConfig, loopback, ROUTER, route, tcpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { startProxy } from "./support/proxy.ts";
import { httpUpstream, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";
const authority = makeAuthority("ours");
const server = makeCertificate({
  issuer: authority,
  subject: [["CN", "server"]],
  sans: ["DNS:server.example", "URI:spiffe://a/server"],
});
const client = makeCertificate({
  issuer: authority,
  subject: [
    ["O", "Nuncio, Inc"],
    ["CN", "client"],
  ],
  sans: ["URI:spiffe://a/client", "DNS:client.example"],
  serial: 0x1002,
});
const GET = "GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";

const inline = (text: string) => ({ inline_string: text });

function identity({ certificate, key }: TestCertificate): object {
  return { certificate_chain: inline(certificate), private_key: inline(key) };
}

function downstream(context: object = {}, common: object = {}): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": `${TLS}.DownstreamTlsContext`,
      common_tls_context: { tls_certificates: [identity(server)], ...common },
      ...context,
    },
  };
}

function upstream(context: object = {}, common: object = {}): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: { "@type": `${TLS}.UpstreamTlsContext`, common_tls_context: common, ...context },
  };
}

const trusted = { validation_context: { trusted_ca: inline(authority.certificate) } };

/** The only listener's only chain, with TLS on it. */
function secured(config: object, socket: object, chain: object = {}): object {
  const { static_resources: resources, ...rest } = config as {
    static_resources: { listeners: { filter_chains: object[] }[] };
  };
  const [listener] = resources.listeners;
  const filter_chains = (listener?.filter_chains ?? []).map((one) => ({ ...one, transport_socket: socket, ...chain }));
  return { ...rest, static_resources: { ...resources, listeners: [{ ...listener, filter_chains }] } };
}

async function wire(port: number, options: ConnectionOptions = {}): Promise<Wire> {
  const opened = await Wire.overTls({ port, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

/** One exchange; the response as text. */
async function get(port: number, options: ConnectionOptions = {}): Promise<string> {
  const opened = await wire(port, options);
  opened.send(GET);
  await opened.untilEnd();
  opened.close();
  return opened.text;
}

/** How the connection of a client that is refused ends. */
function refusal(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
    onTestFinished(() => void socket.destroy());
    let error = "";
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message;
    });
    socket.on("close", () => resolve(error));
    socket.on("secureConnect", () => socket.write(GET));
    socket.resume();
  });
}

/** An upstream over HTTPS that gives the request's headers back. */
async function httpsUpstream(whenOver: (end: () => Promise<void>) => void, options: object = {}): Promise<number> {
  const https: Server = createServer({ cert: server.certificate, key: server.key, ...options }, (request, response) => {
    const peer = (request.socket as TLSSocket).getPeerX509Certificate();
    response.end(
      JSON.stringify({
        ...request.headers,
        sni: (request.socket as TLSSocket & { servername?: string }).servername,
        peer: peer?.subject,
      }),
    );
  });
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  whenOver(async () => {
    https.closeAllConnections();
    await new Promise((resolve) => https.close(resolve));
  });
  const address = https.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe.each(NETS)("TLS over %s sockets", (net) => {
  describe("in front", () => {
    let plain: number;

    beforeAll(async () => {
      plain = (await httpUpstream(afterAll, (request, response) => void response.end(JSON.stringify(request.headers))))
        .port;
    });

    it("serves requests, says https, and knows versions, names and certificates", async () => {
      const path = join(temporaryFolder(), "access.log");
      const format =
        "%DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_TLS_CIPHER% %REQUESTED_SERVER_NAME% %DOWNSTREAM_LOCAL_SUBJECT% %DOWNSTREAM_PEER_SUBJECT% %DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_PEER_SERIAL% %UPSTREAM_TLS_VERSION%";
      const config = httpConfig({
        routes: [route("/", "a")],
        clusters: { a: plain },
        manager: {
          access_log: [fileLog(path, format)],
          forward_client_cert_details: "SANITIZE_SET",
          set_current_client_cert_details: { subject: true, uri: true, dns: true },
        },
      });
      const front = await startProxy(
        onTestFinished,
        secured(config, downstream({ require_client_certificate: true }, trusted)),
        { net },
      );
      const text = await get(front.port, { servername: "Server.Example", cert: client.certificate, key: client.key });
      expect(text).toMatch(/^HTTP\/1\.1 200/);
      const headers = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
      expect(headers["x-forwarded-proto"]).toBe("https");
      expect(headers["x-forwarded-client-cert"]).toMatch(
        /^By=spiffe:\/\/a\/server;Hash=[0-9a-f]{64};Subject="CN=client,O=Nuncio\\, Inc";URI=spiffe:\/\/a\/client;DNS=client\.example$/,
      );
      await expect
        .poll(() => readFileSync(path, "utf8"))
        .toBe("TLSv1.3 TLS_AES_256_GCM_SHA384 - CN=server CN=client,O=Nuncio\\, Inc spiffe://a/client 1002 -\n");
      const stats = `listener.127.0.0.1_0.ssl`;
      expect(await front.counter(`${stats}.handshake`)).toBe(1);
      expect(await front.counter(`${stats}.versions.TLSv1.3`)).toBe(1);
      expect(await front.counter("http.front.downstream_cx_ssl_total")).toBe(1);
      await expect.poll(() => front.gauge("http.front.downstream_cx_ssl_active")).toBe(0);
    });

    it("refuses a client without a certificate with the alert for it, and counts", async () => {
      const config = httpConfig({ routes: [route("/", "a")], clusters: { a: plain } });
      const front = await startProxy(
        onTestFinished,
        secured(config, downstream({ require_client_certificate: true }, trusted)),
        { net },
      );
      expect(await refusal(front.port, { maxVersion: "TLSv1.2" })).toContain("ALERT");
      expect(await front.counter("listener.127.0.0.1_0.ssl.fail_verify_no_cert")).toBe(1);
      await expect.poll(() => front.gauge("listener.127.0.0.1_0.downstream_cx_active")).toBe(0);
      expect(await front.counter("listener.127.0.0.1_0.downstream_cx_destroy")).toBe(1);
    });

    it("answers in HTTP/1.1, where nothing else is spoken, a client that would rather speak HTTP/2", async () => {
      const manager = { codec_type: "HTTP1" };
      const config = httpConfig({ routes: [route("/", "a")], clusters: { a: plain }, manager });
      const front = await startProxy(
        onTestFinished,
        secured(config, downstream({}, { alpn_protocols: ["h2", "http/1.1"] })),
        { net },
      );
      const opened = await wire(front.port, { ALPNProtocols: ["h2", "http/1.1"] });
      expect((opened.socket as TLSSocket).alpnProtocol).toBe("http/1.1");
    });

    it("gives up on a handshake that does not come to an end", async () => {
      const config = httpConfig({ routes: [route("/", "a")], clusters: { a: plain } });
      const front = await startProxy(
        onTestFinished,
        secured(config, downstream(), { transport_socket_connect_timeout: "0.05s" }),
        { net },
      );
      const silent = await Wire.toPort(front.port);
      onTestFinished(() => silent.close());
      silent.send("\x16\x03\x01");
      expect(await silent.untilEnd()).not.toBe("open");
      expect(await front.counter("listener.127.0.0.1_0.downstream_cx_transport_socket_connect_timeout")).toBe(1);
    });

    it("carries bodies larger than any buffer, both ways, to a client that reads slowly", async () => {
      const big = Buffer.alloc(3_000_000, "0123456789");
      const echo = await httpUpstream(onTestFinished, (request, response) => {
        response.writeHead(200, { "content-length": big.length });
        request.pipe(response);
      });
      const config = httpConfig({ routes: [route("/", "a")], clusters: { a: echo.port } });
      const front = await startProxy(onTestFinished, secured(config, downstream()), { net });
      const opened = await wire(front.port);
      opened.socket.pause();
      opened.send(`POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${big.length}\r\n\r\n`);
      opened.socket.write(big, () => opened.socket.resume());
      setImmediate(() => opened.socket.resume());
      expect(await opened.untilEnd()).not.toBe("open");
      const body = opened.text.slice(opened.text.indexOf("\r\n\r\n") + 4);
      expect(body.length).toBe(big.length);
      expect(Buffer.from(body, "latin1").equals(big)).toBe(true);
    });

    it("chooses the chain by server name, protocol, and whether it is TLS at all", async () => {
      const chain = (name: string, match: object, socket?: object) => ({
        name,
        filter_chain_match: match,
        ...(socket === undefined ? {} : { transport_socket: socket }),
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: {
              "@type":
                "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              stat_prefix: name,
              http_filters: [ROUTER],
              route_config: {
                virtual_hosts: [
                  {
                    name,
                    domains: ["*"],
                    routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: inline(name) } }],
                  },
                ],
              },
            },
          },
        ],
      });
      const front = await startProxy(
        onTestFinished,
        {
          static_resources: {
            listeners: [
              {
                name: "front",
                address: loopback(0),
                filter_chains: [
                  chain("exact", { server_names: ["a.example"] }, downstream()),
                  chain("below", { server_names: ["*.example"] }, downstream()),
                  chain(
                    "spoken",
                    { server_names: ["*.example"], application_protocols: ["x"] },
                    downstream({}, { alpn_protocols: ["x"] }),
                  ),
                  chain("plain", { transport_protocol: "raw_buffer" }),
                ],
              },
            ],
          },
        },
        { net },
      );
      const body = async (options: ConnectionOptions) => (await get(front.port, options)).split("\r\n\r\n")[1];
      expect(await body({ servername: "A.example" })).toBe("exact");
      expect(await body({ servername: "b.a.example" })).toBe("below");
      expect(await body({ servername: "b.example", ALPNProtocols: ["x"] })).toBe("spoken");
      expect(await refusal(front.port, { servername: "elsewhere.test" })).not.toBe("");
      const plainly = await Wire.toPort(front.port);
      onTestFinished(() => plainly.close());
      // In two pieces, of which the first does not say yet what it is; TLS would begin with the same.
      plainly.send("GE");
      plainly.send(GET.slice(2));
      await plainly.untilEnd();
      plainly.close();
      expect(plainly.text.endsWith("plain")).toBe(true);
      expect(await front.counter("listener.127.0.0.1_0.no_filter_chain_match")).toBe(1);
      expect(await front.counter("tls_inspector.tls_found")).toBe(4);
      expect(await front.counter("tls_inspector.tls_not_found")).toBe(1);
      await expect.poll(() => front.gauge("listener.127.0.0.1_0.downstream_cx_active")).toBe(0);
    });

    it("shows on /certs what was loaded, not what the file says since then", async () => {
      const chain = join(temporaryFolder(), "chain.pem");
      const adminAddressPath = join(temporaryFolder(), "admin");
      writeFileSync(chain, server.certificate);
      const tls_certificates = [{ certificate_chain: { filename: chain }, private_key: inline(server.key) }];
      const config = {
        ...httpConfig({
          routes: [route("/", "a")],
          clusters: { a: { load_assignment: assignment("a", [plain]), transport_socket: upstream({}, trusted) } },
        }),
        admin: { address: loopback(0) },
      };
      await startProxy(onTestFinished, secured(config, downstream({}, { tls_certificates })), {
        net,
        adminAddressPath,
      });
      writeFileSync(chain, client.certificate);
      const { certificates } = (await (
        await fetch(`http://${readFileSync(adminAddressPath, "utf8")}/certs`)
      ).json()) as {
        certificates: { ca_cert: object[]; cert_chain: object[] }[];
      };
      expect(certificates).toHaveLength(2);
      expect(certificates[0]).toEqual({
        ca_cert: [],
        cert_chain: [
          {
            path: chain,
            serial_number: "1001",
            subject_alt_names: [{ dns: "server.example" }, { uri: "spiffe://a/server" }],
            days_until_expiration: "29",
            valid_from: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
            expiration_time: expect.stringMatching(/Z$/),
          },
        ],
      });
      expect(certificates[1]).toMatchObject({ ca_cert: [{ path: "<inline>", serial_number: "1" }], cert_chain: [] });
    });

    it("does not wait for ever for a client that says nothing", async () => {
      const config = httpConfig({
        routes: [route("/", "a")],
        clusters: { a: plain },
        listener: {
          listener_filters: [
            {
              name: "envoy.filters.listener.tls_inspector",
              typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
              },
            },
          ],
          listener_filters_timeout: "0.05s",
        },
      });
      const front = await startProxy(onTestFinished, config, { net });
      const silent = await Wire.toPort(front.port);
      onTestFinished(() => silent.close());
      expect(await silent.untilEnd()).not.toBe("open");
      expect(await front.counter("listener.127.0.0.1_0.downstream_pre_cx_timeout")).toBe(1);
      expect(await front.gauge("listener.127.0.0.1_0.downstream_pre_cx_active")).toBe(0);
    });
  });

  describe("behind", () => {
    const cluster = (port: number, socket: object, hostname = "") => {
      const load_assignment = assignment("a", [port]) as { endpoints: { lb_endpoints: { endpoint: object }[] }[] };
      for (const { endpoint } of load_assignment.endpoints.flatMap(({ lb_endpoints }) => lb_endpoints))
        Object.assign(endpoint, { hostname });
      return { load_assignment, transport_socket: socket };
    };

    async function through(port: number, socket: object, hostname = "") {
      const path = join(temporaryFolder(), "access.log");
      const config = httpConfig({
        routes: [route("/", "a")],
        clusters: { a: cluster(port, socket, hostname) },
        manager: {
          access_log: [
            fileLog(
              path,
              "%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_TRANSPORT_FAILURE_REASON% %UPSTREAM_TLS_VERSION% %UPSTREAM_PEER_SUBJECT%",
            ),
          ],
        },
      });
      const front = await startProxy(onTestFinished, config, { net });
      const opened = await Wire.toPort(front.port);
      onTestFinished(() => opened.close());
      opened.send(GET);
      await opened.untilEnd();
      await expect.poll(() => readFileSync(path, "utf8")).not.toBe("");
      return { front, text: opened.text, log: readFileSync(path, "utf8") };
    }

    it("verifies the server, names it, and shows its own certificate", async () => {
      const port = await httpsUpstream(onTestFinished, {
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: true,
      });
      const socket = upstream(
        { auto_host_sni: true, auto_sni_san_validation: true },
        { ...trusted, tls_certificates: [identity(client)] },
      );
      const { text, log, front } = await through(port, socket, "server.example");
      expect(text).toMatch(/^HTTP\/1\.1 200/);
      expect(text).toContain('"sni":"server.example","peer":"O=Nuncio\\\\, Inc\\nCN=client"');
      expect(log).toBe("- via_upstream - TLSv1.2 CN=server\n");
      expect(await front.counter("cluster.a.ssl.handshake")).toBe(1);
      expect(await front.counter("cluster.a.ssl.no_certificate")).toBe(0);
    });

    const VERIFY = "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:";

    it.each([
      [
        "a server of another authority",
        upstream({}, { validation_context: { trusted_ca: inline(makeAuthority("another").certificate) } }),
        `${VERIFY}_X509_verify_cert:_certificate_verification_error_at_depth_0:_unable_to_get_local_issuer_certificate:TLS_error_end`,
        "ssl.fail_verify_error",
      ],
      [
        "a server of another name",
        upstream({ sni: "other.example", auto_sni_san_validation: true }, trusted),
        `${VERIFY}_SAN_matcher,_certificate_SANs_are_[server.example,_spiffe://a/server]:TLS_error_end`,
        "ssl.fail_verify_san",
      ],
    ])("does not speak to %s", async (_what, socket, reason, counter) => {
      const { text, log, front } = await through(await httpsUpstream(onTestFinished), socket);
      expect(text).toMatch(/^HTTP\/1\.1 503/);
      expect(text).toContain(
        "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
      );
      expect(log).toBe(
        `UF upstream_reset_before_response_started{remote_connection_failure|${reason}} ${reason} - -\n`,
      );
      expect(await front.counter(`cluster.a.${counter}`)).toBe(1);
      expect(await front.counter("cluster.a.upstream_cx_connect_fail")).toBe(1);
    });

    it("finds that the upstream does not speak TLS", async () => {
      const upstreamOfBytes = await rawUpstream(onTestFinished, (socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
      });
      const { text, log } = await through(upstreamOfBytes.port, upstream());
      expect(text).toMatch(/^HTTP\/1\.1 503/);
      expect(log).toContain("|TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end}");
    });
  });

  describe.each([
    ["in front", true, false],
    ["behind", false, true],
    ["on both sides", true, true],
  ])("of raw TCP %s", (_where, inFront, behind) => {
    it("carries bytes both ways, and each half ends by itself", async () => {
      const onConnection = (socket: import("node:net").Socket) => {
        socket.write("hello ");
        socket.on("data", (chunk) => socket.write(chunk));
        socket.on("end", () => socket.end("goodbye"));
        socket.on("error", () => {});
      };
      let port: number;
      if (behind) {
        const far = createTlsServer({ cert: server.certificate, key: server.key, allowHalfOpen: true }, onConnection);
        await new Promise<void>((resolve) => far.listen(0, "127.0.0.1", resolve));
        onTestFinished(() => void far.close());
        const address = far.address();
        port = typeof address === "object" && address !== null ? address.port : 0;
      } else {
        port = (await rawUpstream(onTestFinished, onConnection)).port;
      }
      const to = {
        load_assignment: assignment("a", [port]),
        ...(behind ? { transport_socket: upstream({}, trusted) } : {}),
      };
      const plainly = tcpConfig({ a: to }, { cluster: "a" });
      const front = await startProxy(onTestFinished, inFront ? secured(plainly, downstream()) : plainly, { net });
      const opened = inFront ? await wire(front.port) : await Wire.toPort(front.port);
      onTestFinished(() => opened.close());
      await opened.take("hello ");
      opened.send("\x00\x01\xfe\xff");
      await opened.take("\x00\x01\xfe\xff");
      opened.send("last").finish();
      await opened.take("lastgoodbye");
      expect(await opened.untilEnd()).toBe("fin");
      await expect.poll(() => front.gauge("tcp.front.downstream_cx_active")).toBe(0);
      await expect.poll(() => front.gauge("cluster.a.upstream_cx_active")).toBe(0);
      await expect.poll(() => front.gauge("listener.127.0.0.1_0.downstream_cx_active")).toBe(0);
    });
  });
});
