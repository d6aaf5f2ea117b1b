// The client that a PROXY header names is the client everywhere; a header that is wrong ends the connection.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { assignment, fileLog, httpConfig, loopback, route, tcpConfig } from "./support/config.ts";
import { NETS } from "./support/nets.ts";
import { startProxy } from "./support/proxy.ts";
import { httpUpstream, rawUpstream } from "./support/upstream.ts";
import { Wire } from "./support/wire.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const V1 = "PROXY TCP4 10.1.2.3 10.9.8.7 4711 443\r\n";
const V2 = "\r\n\r\n\0\r\nQUIT\n";
const FOUR = "\x0a\x01\x02\x03\x0a\x09\x08\x07\x12\x67\x01\xbb";
const TLVS = "\x02\0\x01a\x03\0\x02\xff\xfe\x04\0\x02x\xff\x02\0\x01b";

const filter = (config: object = {}) => ({
  name: "proxy",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    ...config,
  },
});

async function say(port: number, ...pieces: string[]): Promise<Wire> {
  const wire = await Wire.toPort(port);
  onTestFinished(() => wire.close());
  for (const piece of pieces) {
    wire.send(piece);
    // Each piece is a read of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return wire;
}

describe.each(NETS)("PROXY protocol over %s sockets", (net) => {
  async function front(config: object, listener: object = {}) {
    const path = join(temporaryFolder(), "access.log");
    const { port } = await httpUpstream(onTestFinished, (request, response) => {
      response.end(JSON.stringify(request.headers));
    });
    const format =
      "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_ADDRESS%";
    const proxy = await startProxy(
      onTestFinished,
      httpConfig({
        routes: [route("/", "a")],
        clusters: { a: port },
        manager: { use_remote_address: true, access_log: [fileLog(path, format)] },
        listener: { listener_filters: [filter(config)], ...listener },
      }),
      { net },
    );
    return { proxy, log: () => readFileSync(path, "utf8") };
  }

  it.each([
    ["a line", [V1 + GET], "10.1.2.3", "10.1.2.3:4711 127.0.0.1 10.9.8.7:443\n", "v1"],
    ["a line in pieces", [V1.slice(0, 9), `${V1.slice(9)}GET`, GET.slice(3)], "10.1.2.3", "10.1.2.3:4711 ", "v1"],
    ["IPv6", [`PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n${GET}`], "2001:db8::1", "[2001:db8::1]:4711 ", "v1"],
    ["binary", [`${V2}\x21\x11\0\x0c${FOUR}${GET}`], "10.1.2.3", "10.1.2.3:4711 127.0.0.1 10.9.8.7:443\n", "v2"],
    ["UNKNOWN", [`PROXY UNKNOWN\r\n${GET}`], "127.0.0.1", "127.0.0.1:", "v1"],
    ["LOCAL", [`${V2}\x20\0\0\0${GET}`], "127.0.0.1", "127.0.0.1:", "v2"],
  ])("%s names the client", async (_what, pieces, client, logged, version) => {
    const { proxy, log } = await front({ stat_prefix: "x" });
    const wire = await say(proxy.port, ...pieces);
    await wire.untilEnd();
    expect(wire.text).toMatch(/^HTTP\/1\.1 200/);
    expect(wire.text).toContain(`"x-envoy-external-address":"${client}"`);
    await expect.poll(log).toContain(logged);
    expect(await proxy.counter(`proxy_proto.x.versions.${version}.found`)).toBe(1);
  });

  it("refuses what it must, counts it, and does not count a connection", async () => {
    const { proxy } = await front({ disallowed_versions: ["V1"] });
    const ends: string[] = [];
    for (const bytes of [V1, GET, `${V2}\x11\0\0\0`, `${V2}\x21\x11\0\x0e${FOUR}\x02\0`]) {
      const wire = await say(proxy.port, bytes + GET);
      ends.push(await wire.untilEnd());
      expect(wire.text).toBe("");
    }
    expect(ends).toEqual(["reset", "reset", "reset", "reset"]);
    const count = (name: string) => proxy.counter(name);
    expect(await count("proxy_proto.versions.v1.disallowed")).toBe(1);
    expect(await count("proxy_proto.not_found_disallowed")).toBe(1);
    expect(await count("proxy_proto.versions.v2.error")).toBe(2);
    expect(await count("downstream_cx_proxy_proto_error")).toBe(3);
    expect(await count("listener.127.0.0.1_0.downstream_cx_total")).toBe(0);
    expect(await proxy.gauge("listener.127.0.0.1_0.downstream_pre_cx_active")).toBe(0);
  });

  it("lets through what says nothing of the kind where that is allowed", async () => {
    const { proxy } = await front({ allow_requests_without_proxy_protocol: true });
    const plain = await say(proxy.port, GET);
    await plain.untilEnd();
    expect(plain.text).toContain('"x-envoy-external-address":"127.0.0.1"');
    const named = await say(proxy.port, "PRO", V1.slice(3) + GET);
    await named.untilEnd();
    expect(named.text).toContain('"x-envoy-external-address":"10.1.2.3"');
    expect(await proxy.counter("proxy_proto.not_found_allowed")).toBe(1);
  });

  it("gives up on who does not say it in time", async () => {
    const { proxy } = await front({}, { listener_filters_timeout: "0.05s" });
    const wire = await say(proxy.port, "PROXY ");
    expect(await wire.untilEnd()).toBe("reset");
    expect(await proxy.counter("listener.127.0.0.1_0.downstream_pre_cx_timeout")).toBe(1);
  });

  it("is not asked of addresses that the filter is disabled for", async () => {
    const { proxy } = await front({}, { listener_filters: [{ ...filter(), filter_disabled: { any_match: true } }] });
    const wire = await say(proxy.port, GET);
    await wire.untilEnd();
    expect(wire.text).toMatch(/^HTTP\/1\.1 200/);
  });

  it("chooses the chain by the addresses of the header, and gives its extensions to logs", async () => {
    const path = join(temporaryFolder(), "access.log");
    const { port } = await rawUpstream(onTestFinished, (socket) => socket.on("data", () => socket.end("hello")));
    const rules = [
      { tlv_type: 2, on_tlv_present: { key: "authority" } },
      { tlv_type: 3, on_tlv_present: { key: "b", metadata_namespace: "ns", value_string_encoding: "BASE64" } },
      { tlv_type: 4, on_tlv_present: { key: "s", metadata_namespace: "ns" } },
    ];
    const log = fileLog(
      path,
      "%DOWNSTREAM_REMOTE_ADDRESS% %DYNAMIC_METADATA(envoy.filters.listener.proxy_protocol:authority)% %DYNAMIC_METADATA(ns)%",
    );
    const { static_resources: resources } = tcpConfig({ a: port }, { cluster: "a", access_log: [log] }) as {
      static_resources: { listeners: { filter_chains: object[] }[]; clusters: object[] };
    };
    const [chain] = resources.listeners[0]?.filter_chains ?? [];
    const listener = {
      name: "front",
      address: loopback(0),
      listener_filters: [filter({ rules })],
      filter_chains: [
        { ...chain, filter_chain_match: { source_prefix_ranges: [{ address_prefix: "10.1.0.0", prefix_len: 16 }] } },
      ],
    };
    const config = { static_resources: { ...resources, listeners: [listener] } };
    const proxy = await startProxy(onTestFinished, config, { net });
    const taken = await say(proxy.port, `${V2}\x21\x11\0\x1e${FOUR}${TLVS}word`);
    await taken.untilEnd();
    expect(taken.text).toBe("hello");
    taken.close();
    await expect.poll(() => readFileSync(path, "utf8")).toBe('10.1.2.3:4711 a {"b":"//4=","s":"x!"}\n');
    const other = await say(proxy.port, "PROXY TCP4 10.2.2.3 10.9.8.7 1 2\r\nword");
    expect(await other.untilEnd()).toBe("reset");
    expect(await proxy.counter("listener.127.0.0.1_0.no_filter_chain_match")).toBe(1);
    expect(await proxy.counter("listener.127.0.0.1_0.downstream_cx_total")).toBe(1);
  });

  describe("towards the upstream", () => {
    const transport = (config: object, inner?: object) => ({
      name: "proxy",
      typed_config: {
        "@type":
          "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        config,
        transport_socket: inner ?? {
          name: "raw",
          typed_config: { "@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer" },
        },
      },
    });
    const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

    /** Everything that connections to the upstream say, one text each; each request is answered. */
    async function listening() {
      const said: string[] = [];
      const { port } = await rawUpstream(onTestFinished, (socket) => {
        const index = said.push("") - 1;
        socket.on("data", (chunk) => {
          said[index] += chunk.toString("latin1");
          if (chunk.toString("latin1").endsWith("\r\n\r\n")) socket.write(ANSWER);
        });
        socket.on("end", () => socket.end());
      });
      return { port, said };
    }

    const KEEP = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    it("each request travels behind the header of its own client, and never behind another's", async () => {
      const { port, said } = await listening();
      const proxy = await startProxy(
        onTestFinished,
        httpConfig({
          routes: [route("/", "a")],
          clusters: { a: { load_assignment: assignment("a", [port]), transport_socket: transport({ version: "V1" }) } },
          listener: { listener_filters: [filter({ allow_requests_without_proxy_protocol: true })] },
        }),
        { net },
      );
      const one = await say(proxy.port, V1 + KEEP);
      await one.take("hi");
      one.send(KEEP);
      await one.take("hi");
      const two = await say(proxy.port, `PROXY TCP4 10.1.2.4 10.9.8.7 4711 443\r\n${KEEP}`);
      await two.take("hi");
      const plain = await say(proxy.port, KEEP);
      await plain.take("hi");
      expect(said).toHaveLength(3);
      expect(said[0]?.startsWith(`${V1}GET / `)).toBe(true);
      expect(said[0]?.match(/GET \/ HTTP/g)).toHaveLength(2);
      expect(said[1]?.startsWith("PROXY TCP4 10.1.2.4 10.9.8.7 4711 443\r\nGET / ")).toBe(true);
      expect(said[2]).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET \/ /);
      expect(await proxy.counter("cluster.a.upstream_cx_total")).toBe(3);
    });

    it("extensions pass that are asked for, behind those that are added", async () => {
      const { port, said } = await listening();
      const socket = transport({
        version: "V2",
        pass_through_tlvs: { match_type: "INCLUDE", tlv_type: [2, 4] },
        added_tlvs: [{ type: 240, value: Buffer.from("abc").toString("base64") }],
      });
      const config = tcpConfig(
        { a: { load_assignment: assignment("a", [port]), transport_socket: socket } },
        { cluster: "a" },
      ) as { static_resources: { listeners: object[] } };
      Object.assign(config.static_resources.listeners[0] ?? {}, {
        listener_filters: [filter({ pass_through_tlvs: { match_type: "INCLUDE_ALL" } })],
      });
      const proxy = await startProxy(onTestFinished, config, { net });
      await say(proxy.port, `${V2}\x21\x11\0\x1e${FOUR}${TLVS}word`);
      await expect
        .poll(() => said[0])
        .toBe(`${V2}\x21\x11\0\x1f${FOUR}\xf0\0\x03abc\x02\0\x01a\x04\0\x02x\xff\x02\0\x01bword`);
    });

    it("the header stands before the handshake where TLS is spoken", async () => {
      const { port, said } = await listening();
      const inner = {
        name: "tls",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext" },
      };
      const cluster = { load_assignment: assignment("a", [port]), transport_socket: transport({}, inner) };
      const config = httpConfig({ routes: [route("/", "a")], clusters: { a: cluster } });
      const proxy = await startProxy(onTestFinished, config, { net });
      await say(proxy.port, KEEP);
      await expect.poll(() => said[0]).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n\x16\x03/);
    });
  });
});
