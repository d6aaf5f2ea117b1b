// Certificates and authorities that are replaced while they are used: nothing breaks, and what does not do changes nothing.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeAuthority, makeCertificate, type TestCertificate } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { assignment, httpConfig, loopback, route } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { Wire } from "./support/wire.ts";

const TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";
const authority = makeAuthority("ours");
const named = (name: string, issuer = authority) =>
  makeCertificate({ issuer, subject: [["CN", name]], sans: ["DNS:a.example"] });
const [first, second] = [named("first"), named("second")];
const inline = (text: string) => ({ inline_string: text });

/** What is swapped in is there whole. */
function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function putPair(folder: string, { certificate, key }: TestCertificate): void {
  put(join(folder, "cert.pem"), certificate);
  put(join(folder, "key.pem"), key);
}

const files = (folder: string) => ({
  certificate_chain: { filename: join(folder, "cert.pem") },
  private_key: { filename: join(folder, "key.pem") },
});

function secret(name: string, value: object): string {
  return JSON.stringify({ resources: [{ "@type": `${TLS}.Secret`, name, ...value }] });
}

const sds = (name: string, path: string, more: object = {}) => ({
  name,
  sds_config: { path_config_source: { path, ...more } },
});

/** A listener that answers every request. */
function answering(common: object, context: object = {}): object {
  const config = httpConfig({
    routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: inline("hello") } }],
  }) as { static_resources: { listeners: { filter_chains: object[] }[] } };
  const [listener] = config.static_resources.listeners;
  const typed_config = { "@type": `${TLS}.DownstreamTlsContext`, common_tls_context: common, ...context };
  const chains = (listener?.filter_chains ?? []).map((chain) => ({
    ...chain,
    transport_socket: { name: "tls", typed_config },
  }));
  return { static_resources: { ...config.static_resources, listeners: [{ ...listener, filter_chains: chains }] } };
}

/** The common name of the certificate that a new connection is shown, or why there is none. */
function shown(port: number, options: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    onTestFinished(() => void socket.destroy());
  });
}

const logged = (front: RunningProxy, text: string) => front.log.some((line) => line.includes(text));

describe.each(NETS)("secrets over %s sockets", (net) => {
  it("are replaced under load without a request that fails, and connections live on", async () => {
    const folder = temporaryFolder();
    putPair(folder, first);
    const path = join(folder, "sds.json");
    put(path, secret("server", { tls_certificate: files(folder) }));
    const common = { tls_certificate_sds_secret_configs: [sds("server", path)] };
    const front = await startProxy(onTestFinished, answering(common), { net });
    const old = await Wire.overTls({ port: front.port });
    onTestFinished(() => old.close());
    let isOver = false;
    let requests = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const wire = await Wire.overTls({ port: front.port });
        wire.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        await wire.untilEnd();
        wire.close();
        if (!wire.text.endsWith("hello")) throw new Error(`answered ${JSON.stringify(wire.text)}`);
        requests++;
      }
    });
    expect(await shown(front.port)).toBe("first");
    for (const next of [second, first, second]) {
      const before = requests;
      putPair(folder, next);
      await expect.poll(() => shown(front.port)).toBe(next === first ? "first" : "second");
      await expect.poll(() => requests).toBeGreaterThan(before + 4);
    }
    isOver = true;
    await Promise.all(load);
    old.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    await old.untilEnd();
    expect(old.text.endsWith("hello")).toBe(true);
    const updates = "listener.127.0.0.1_0.server_ssl_socket_factory.ssl_context_update_by_sds";
    expect(await front.counter(updates)).toBe(4);
    expect(await front.counter("sds.server.update_success")).toBe(1);
    expect(
      await front.gauge("listener.127.0.0.1_0.ssl.certificate.server.expiration_unix_time_seconds"),
    ).toBeGreaterThan(Date.now() / 1_000);
  });

  it("stay as they were when what replaces them does not do, which is said everywhere", async () => {
    const folder = temporaryFolder();
    putPair(folder, first);
    const path = join(folder, "sds.json");
    const good = secret("server", { tls_certificate: files(folder) });
    put(path, good);
    const adminAddressPath = join(folder, "admin");
    const common = { tls_certificate_sds_secret_configs: [sds("server", path)] };
    const config = { ...answering(common), admin: { address: loopback(0) } };
    const front = await startProxy(onTestFinished, config, { net, adminAddressPath });
    const admin = async (page: string) =>
      (await fetch(`http://${readFileSync(adminAddressPath, "utf8")}${page}`)).text();
    const { key } = second;
    put(join(folder, "key.pem"), key);
    await expect.poll(() => front.counter("sds.server.key_rotation_failed")).toBe(1);
    expect(await shown(front.port)).toBe("first");
    expect(logged(front, "secret 'server' stays as it was: the key in")).toBe(true);
    const reason = `the key in ${join(folder, "key.pem")} is not that of the certificate in ${join(folder, "cert.pem")}`;
    expect(JSON.parse(await admin("/certs")).certificates).toEqual([
      {
        ca_cert: [],
        cert_chain: [expect.objectContaining({ path: join(folder, "cert.pem") })],
        rotation_failures: [reason],
      },
    ]);
    put(join(folder, "key.pem"), first.key);
    await expect.poll(() => admin("/certs")).not.toContain("rotation_failures");
    put(path, "{{{");
    await expect.poll(() => front.counter("sds.server.update_failure")).toBe(1);
    put(path, secret("other", { tls_certificate: files(folder) }));
    await expect.poll(() => front.counter("sds.server.update_rejected")).toBe(1);
    put(path, secret("server", { tls_certificate: { ...files(folder), private_key: inline("no key") } }));
    await expect.poll(() => front.counter("sds.server.update_rejected")).toBe(2);
    expect(await shown(front.port)).toBe("first");
    put(
      path,
      secret("server", {
        tls_certificate: { certificate_chain: inline(second.certificate), private_key: inline(key) },
      }),
    );
    await expect.poll(() => shown(front.port)).toBe("second");
    const dump = await admin("/config_dump?resource=dynamic_active_secrets");
    expect(dump).toContain('"name": "server"');
    expect(dump).not.toContain(key.split("\n")[1]);
  });

  it("have authorities among them, merged over what the context says itself", async () => {
    const folder = temporaryFolder();
    const strangers = makeAuthority("strangers");
    const path = join(folder, "ca.yaml");
    const validation = (ca: TestCertificate) =>
      secret("ca", { validation_context: { trusted_ca: inline(ca.certificate) } });
    put(path, validation(authority));
    const common = {
      tls_certificates: [{ certificate_chain: inline(first.certificate), private_key: inline(first.key) }],
      combined_validation_context: {
        default_validation_context: {
          match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: "a.example" } }],
        },
        validation_context_sds_secret_config: sds("ca", path, { watched_directory: { path: folder } }),
      },
    };
    const front = await startProxy(onTestFinished, answering(common, { require_client_certificate: true }), { net });
    const as = (client: TestCertificate) =>
      shown(front.port, { cert: client.certificate, key: client.key, maxVersion: "TLSv1.2" });
    const [ours, theirs] = [named("client"), named("client", strangers)];
    const nameless = makeCertificate({ issuer: authority, sans: ["DNS:b.example"] });
    expect(await as(ours)).toBe("first");
    expect(await as(theirs)).not.toBe("first");
    await as(nameless);
    await expect.poll(() => front.counter("listener.127.0.0.1_0.ssl.fail_verify_san")).toBe(1);
    put(path, validation(strangers));
    await expect.poll(() => as(theirs)).toBe("first");
    expect(await as(ours)).not.toBe("first");
  });

  it("are files of a certificate whose folder is watched, and secrets of the bootstrap by name", async () => {
    const folder = join(temporaryFolder(), "pair");
    mkdirSync(folder);
    putPair(folder, first);
    const watched = answering({ tls_certificates: [{ ...files(folder), watched_directory: { path: folder } }] }) as {
      static_resources: object;
    };
    const front = await startProxy(onTestFinished, watched, { net });
    expect(await shown(front.port)).toBe("first");
    putPair(folder, second);
    await expect.poll(() => shown(front.port)).toBe("second");
    const byName = answering({ tls_certificate_sds_secret_configs: [{ name: "mine" }] }) as {
      static_resources: object;
    };
    const secrets = [
      {
        name: "mine",
        tls_certificate: { certificate_chain: inline(first.certificate), private_key: inline(first.key) },
      },
      { name: "unused", tls_certificate: files(join(folder, "nowhere")) },
    ];
    const named = { static_resources: { ...byName.static_resources, secrets } };
    expect(await shown((await startProxy(onTestFinished, named, { net })).port)).toBe("first");
  });

  it("serve the other side too: what a cluster shows and whom it trusts", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "client.json");
    const showing = ({ certificate, key }: TestCertificate) =>
      secret("client", { tls_certificate: { certificate_chain: inline(certificate), private_key: inline(key) } });
    put(path, showing(first));
    const server = answering(
      {
        tls_certificates: [{ certificate_chain: inline(first.certificate), private_key: inline(first.key) }],
        validation_context: { trusted_ca: inline(authority.certificate) },
      },
      { require_client_certificate: true },
    ) as { static_resources: { listeners: { filter_chains: { filters: { typed_config: object }[] }[] }[] } };
    const manager = server.static_resources.listeners[0]?.filter_chains[0]?.filters[0]?.typed_config ?? {};
    Object.assign(manager, {
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: [
              {
                match: { prefix: "/" },
                direct_response: { status: 200, body: inline("hello") },
                response_headers_to_add: [{ header: { key: "who", value: "%DOWNSTREAM_PEER_SUBJECT%" } }],
              },
            ],
          },
        ],
      },
    });
    const far = await startProxy(onTestFinished, server, { net });
    const transport_socket = {
      name: "tls",
      typed_config: {
        "@type": `${TLS}.UpstreamTlsContext`,
        common_tls_context: {
          tls_certificate_sds_secret_configs: [sds("client", path)],
          validation_context: { trusted_ca: inline(authority.certificate) },
        },
      },
    };
    const near = await startProxy(
      onTestFinished,
      httpConfig({
        routes: [route("/", "a")],
        clusters: {
          a: {
            load_assignment: assignment("a", [far.port]),
            transport_socket,
            typed_extension_protocol_options: {
              "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                common_http_protocol_options: { max_requests_per_connection: 1 },
                explicit_http_config: { http_protocol_options: {} },
              },
            },
          },
        },
      }),
      { net },
    );
    const who = async () => (await fetch(near.url)).headers.get("who");
    expect(await who()).toBe("CN=first");
    put(path, showing(second));
    await expect.poll(who).toBe("CN=second");
    expect(await near.counter("cluster.a.client_ssl_socket_factory.ssl_context_update_by_sds")).toBe(2);
  });

  it("of several certificates the one is shown that fits the name", async () => {
    const certificate = (name: string, sans: string[], keyType: "ec" | "rsa" = "ec") => {
      const { certificate: chain, key } = makeCertificate({
        issuer: authority,
        subject: [["CN", name]],
        sans,
        keyType,
      });
      return { certificate_chain: inline(chain), private_key: inline(key) };
    };
    const tls_certificates = [
      certificate("rsa", ["DNS:b.example"], "rsa"),
      certificate("exact", ["DNS:a.example"]),
      certificate("below", ["DNS:*.wild.example"]),
      certificate("both-rsa", ["DNS:both.example"], "rsa"),
      certificate("both-ec", ["DNS:both.example"]),
    ];
    const { port } = await startProxy(onTestFinished, answering({ tls_certificates }), { net });
    const to = (servername: string, more: object = {}) => shown(port, { servername, maxVersion: "TLSv1.2", ...more });
    expect(await to("A.example")).toBe("exact");
    expect(await to("x.wild.example")).toBe("below");
    expect(await to("both.example")).toBe("both-ec");
    expect(await to("both.example", { ciphers: "ECDHE-RSA-AES128-GCM-SHA256" })).toBe("both-rsa");
    // A name that none has: the first one alone. No name: any.
    expect(await to("other.example")).toBe("rsa");
    expect(await shown(port, { maxVersion: "TLSv1.2" })).toBe("exact");
    const all = answering({ tls_certificates }, { full_scan_certs_on_sni_mismatch: true });
    const scanning = await startProxy(onTestFinished, all, { net });
    expect(await shown(scanning.port, { servername: "other.example", maxVersion: "TLSv1.2" })).toBe("exact");
  });

  it("of connections are written down where a key log is asked for, and nowhere else", async () => {
    const path = join(temporaryFolder(), "keys.log");
    const common = (key_log: object) => ({
      tls_certificates: [{ certificate_chain: inline(first.certificate), private_key: inline(first.key) }],
      key_log,
    });
    const logged = await startProxy(onTestFinished, answering(common({ path })), { net });
    await shown(logged.port);
    await expect.poll(() => readFileSync(path, "utf8")).toMatch(/^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} /m);
    const elsewhere = join(temporaryFolder(), "keys.log");
    const range = { path: elsewhere, remote_address_range: [{ address_prefix: "192.0.2.0", prefix_len: 24 }] };
    const silent = await startProxy(onTestFinished, answering(common(range)), { net });
    await shown(silent.port);
    await silent.proxy.stop();
    expect(existsSync(elsewhere) ? readFileSync(elsewhere, "utf8") : "").toBe("");
  });
});
