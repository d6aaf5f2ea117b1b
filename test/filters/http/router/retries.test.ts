// Retries on virtual time: which failures are tried again, when, with what of the request, and how often at once.

import { afterEach, describe, expect, it } from "vitest";
import { networkFilters } from "../../../../filters/registry.ts";
import {
  UPSTREAM_CONNECTION_FAILURE,
  UPSTREAM_OVERFLOW,
  UPSTREAM_REQUEST_TIMEOUT,
  UPSTREAM_RETRY_LIMIT_EXCEEDED,
} from "../../../../host/stream_info/response_flags.ts";
import { httpConfig, route } from "../../../e2e/support/config.ts";
import type { FarEnd } from "../../../support/far_end.ts";
import { field } from "../../../support/http_messages.ts";
import { SimulatedProxy } from "../../../support/simulated_proxy.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const BUSY = "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";
/** Clients whose headers steer the proxy. */
const INTERNAL = {
  use_remote_address: true,
  internal_address_config: { cidr_ranges: [{ address_prefix: "0.0.0.0", prefix_len: 0 }] },
};
/** More than any back-off of these tests. */
const LONG_MS = 1_000;

let proxy: SimulatedProxy;
/** What the upstream says to each request in turn; a number: it resets. The last one stays. */
let plan: (string | null)[] = [];
/** Bodies of the requests as the upstream got them, and the ports. */
let seen: { body: string; attempt: string | undefined; expected: string | undefined; port: number }[] = [];
let ends: FarEnd[] = [];

function answer(end: FarEnd, port: number): void {
  const message = end.messages.at(-1);
  if (!message?.isComplete) return;
  const step = plan.length > 1 ? plan.shift() : plan[0];
  seen.push({
    body: message.body.toString("latin1"),
    attempt: field(message, "x-envoy-attempt-count"),
    expected: field(message, "x-envoy-expected-rq-timeout-ms"),
    port,
  });
  if (step === null) end.reset();
  else if (step !== undefined) end.send(step);
}

async function start(
  policy: object,
  more: { action?: object; cluster?: object; host?: object; ports?: number[] } = {},
) {
  seen = [];
  ends = [];
  const ports = more.ports ?? [9001];
  const endpoints = ports.map((port_value) => ({
    endpoint: { address: { socket_address: { address: "127.0.0.1", port_value } } },
  }));
  const cluster = {
    load_assignment: { cluster_name: "u", endpoints: [{ lb_endpoints: endpoints }] },
    ...more.cluster,
  };
  const virtual_hosts = [
    {
      name: "all",
      domains: ["*"],
      include_request_attempt_count: true,
      routes: [route("/", "u", { retry_policy: policy, ...more.action })],
      ...more.host,
    },
  ];
  const config = httpConfig({
    routes: [],
    clusters: { u: cluster },
    manager: { ...INTERNAL, route_config: { virtual_hosts } },
  });
  proxy = await SimulatedProxy.start(config, { networkFilters });
  for (const port of ports) {
    await proxy.upstream(port, (end) => {
      ends.push(end);
      end.whenRead = () => answer(end, port);
    });
  }
}

afterEach(() => {
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

function ask(text = GET): FarEnd {
  const client = proxy.request(text);
  proxy.advance(LONG_MS);
  return client;
}

const flags = () => proxy.ended.at(-1)?.flags;
const stat = (name: string) => proxy.stat(`cluster.u.${name}`);

describe("retry_on", () => {
  it.each([
    ["5xx", BUSY, 2],
    ["5xx", null, 2],
    ["gateway-error", "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 1],
    ["gateway-error", BUSY, 2],
    ["reset", null, 2],
    ["reset", BUSY, 1],
    ["connect-failure", null, 1],
    ["reset-before-request", null, 1],
    ["retriable-4xx", "HTTP/1.1 409 No\r\ncontent-length: 0\r\n\r\n", 2],
    ["envoy-ratelimited", "HTTP/1.1 429 No\r\nx-envoy-ratelimited: true\r\ncontent-length: 0\r\n\r\n", 2],
    ["5xx", "HTTP/1.1 503 No\r\nx-envoy-ratelimited: true\r\ncontent-length: 0\r\n\r\n", 1],
    ["unavailable", "HTTP/1.1 200 OK\r\ngrpc-status: 14\r\ncontent-length: 0\r\n\r\n", 2],
    ["unavailable", "HTTP/1.1 200 OK\r\ngrpc-status: 13\r\ncontent-length: 0\r\n\r\n", 1],
    ["cancelled, internal", "HTTP/1.1 200 OK\r\ngrpc-status: 13\r\ncontent-length: 0\r\n\r\n", 2],
    ["whatever", BUSY, 1],
  ])("%s after %j makes %d tries", async (retry_on, first, tries) => {
    await start({ retry_on });
    plan = [first, OK];
    ask();
    expect(seen).toHaveLength(tries);
    expect(stat("upstream_rq_retry")).toBe(tries - 1);
    expect(stat("upstream_rq_retry_success")).toBe(tries - 1);
  });

  it("of a virtual host is for routes that have none", async () => {
    await start({}, { action: { retry_policy: undefined }, host: { retry_policy: { retry_on: "5xx" } } });
    plan = [BUSY, OK];
    expect(ask().status).toBe(200);
  });

  it("takes refused connections", async () => {
    await start({ retry_on: "connect-failure", num_retries: 2 }, { ports: [], cluster: deadCluster });
    const client = ask();
    expect(client.status).toBe(503);
    expect(client.message.body.toString()).toContain("retried and the latest reset reason: remote connection failure");
    expect(flags()).toBe(UPSTREAM_CONNECTION_FAILURE | UPSTREAM_RETRY_LIMIT_EXCEEDED);
    expect(stat("upstream_rq_retry_limit_exceeded")).toBe(1);
  });

  it("is for nothing once the client has the head of an answer", async () => {
    await start({ retry_on: "5xx,reset" });
    plan = ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"];
    const client = proxy.request(GET);
    ends[0]?.reset();
    proxy.advance(LONG_MS);
    expect(client.message.isComplete).toBe(false);
    expect(seen).toHaveLength(1);
  });
});

const deadCluster = {
  load_assignment: {
    cluster_name: "u",
    endpoints: [
      { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: 9999 } } } }] },
    ],
  },
};

describe("tries", () => {
  it("are counted for the upstream and the client, and end with num_retries", async () => {
    await start({ retry_on: "5xx", num_retries: 3 }, { host: { include_attempt_count_in_response: true } });
    plan = [BUSY];
    const client = ask();
    expect(seen.map(({ attempt }) => attempt)).toEqual(["1", "2", "3", "4"]);
    expect([client.status, field(client.message, "x-envoy-attempt-count")]).toEqual([503, "4"]);
    expect(flags()).toBe(UPSTREAM_RETRY_LIMIT_EXCEEDED);
    expect(stat("retry.upstream_rq_503")).toBe(3);
    expect(stat("upstream_rq_503")).toBe(1);
  });

  it("carry the whole body again, however it came", async () => {
    await start({ retry_on: "5xx", num_retries: 2 });
    plan = [BUSY, null, OK];
    const body = Array.from({ length: 30_000 }, (_, i) => `${i},`).join("");
    const client = ask(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    expect(client.status).toBe(200);
    expect(seen.map((request) => request.body === body)).toEqual([true, true, true]);
  });

  it("begin while the body still comes, and get the rest of it as well", async () => {
    await start({ retry_on: "reset" });
    plan = [OK];
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc");
    ends[0]?.reset();
    proxy.advance(LONG_MS);
    client.send("def");
    proxy.advance(LONG_MS);
    expect(client.status).toBe(200);
    expect(seen.map(({ body }) => body)).toEqual(["abcdef"]);
    expect(ends).toHaveLength(2);
  });

  it("of a body longer than may be kept are none", async () => {
    await start({ retry_on: "5xx" }, { host: { per_request_buffer_limit_bytes: 10 } });
    plan = [BUSY, OK];
    expect(ask("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n0123456789").status).toBe(200);
    plan = [BUSY, OK];
    expect(ask("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n0123456789a").status).toBe(503);
    expect(stat("retry_or_shadow_abandoned")).toBe(1);
  });

  it("wait for a body that becomes too long meanwhile: 507", async () => {
    await start(
      { retry_on: "reset", retry_back_off: { base_interval: "10s" } },
      { host: { request_body_buffer_limit: 5 } },
    );
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc");
    ends[0]?.reset();
    proxy.settle();
    client.send("defghi");
    proxy.settle();
    expect(client.status).toBe(507);
    expect(proxy.ended.at(-1)?.details).toBe("request_payload_exceeded_retry_buffer_limit");
  });

  it("avoid hosts that were tried", async () => {
    const retry_host_predicate = [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
        },
      },
    ];
    await start(
      { retry_on: "5xx", num_retries: 2, retry_host_predicate, host_selection_retry_max_attempts: 50 },
      { ports: [9001, 9002, 9003], cluster: { lb_policy: "RANDOM" } },
    );
    plan = [BUSY];
    for (let i = 0; i < 5; i++) {
      ask();
      expect(new Set(seen.splice(0).map(({ port }) => port)).size).toBe(3);
    }
  });

  it("come no sooner than the upstream says", async () => {
    const rate_limited_retry_back_off = { reset_headers: [{ name: "Retry-After", format: "SECONDS" }] };
    await start({ retry_on: "5xx", rate_limited_retry_back_off });
    plan = ["HTTP/1.1 503 No\r\nretry-after: 4\r\ncontent-length: 0\r\n\r\n", OK];
    proxy.request(GET);
    proxy.advance(3_900);
    expect(seen).toHaveLength(1);
    proxy.advance(2_200);
    expect(seen).toHaveLength(2);
    expect(stat("upstream_rq_retry_backoff_ratelimited")).toBe(1);
  });

  it("end with the client", async () => {
    await start({ retry_on: "5xx", retry_back_off: { base_interval: "60s" } });
    plan = [BUSY, OK];
    const client = proxy.request(GET);
    client.reset();
    proxy.advance(120_000);
    expect(seen).toHaveLength(1);
  });

  it("are no more at once than max_retries", async () => {
    const cluster = { circuit_breakers: { thresholds: [{ max_retries: 1 }] } };
    await start({ retry_on: "5xx", num_retries: 1, retry_back_off: { base_interval: "60s" } }, { cluster });
    plan = [BUSY];
    const first = proxy.request(GET);
    const second = proxy.request(GET);
    expect([first.messages.length, second.status]).toEqual([0, 503]);
    expect(flags()).toBe(UPSTREAM_OVERFLOW);
    expect(stat("upstream_rq_retry_overflow")).toBe(1);
  });
});

describe("a retry budget", () => {
  const policy = { retry_on: "5xx", retry_back_off: { base_interval: "60s" } };
  const budget = (value: number, min_retry_concurrency: number) => ({
    circuit_breakers: {
      thresholds: [{ max_retries: 0, retry_budget: { budget_percent: { value }, min_retry_concurrency } }],
    },
  });

  it("allows its minimum, whatever is active", async () => {
    await start(policy, { cluster: budget(0, 1) });
    plan = [BUSY];
    const first = proxy.request(GET);
    const second = proxy.request(GET);
    expect([first.messages.length, second.status]).toEqual([0, 503]);
    expect(stat("upstream_rq_retry_overflow")).toBe(1);
  });

  it("grows with what is active", async () => {
    await start(policy, { cluster: budget(50, 0) });
    plan = [""];
    for (let i = 0; i < 4; i++) proxy.request(GET);
    plan = [BUSY];
    const tried = Array.from({ length: 4 }, () => proxy.request(GET));
    expect(tried.map(({ status }) => status)).toEqual([0, 0, 503, 503]);
  });
});

describe("headers of a request", () => {
  const asks = (fields: string) => `GET / HTTP/1.1\r\nhost: a\r\n${fields}\r\n`;
  it.each([
    ["x-envoy-retry-on: 5xx\r\n", BUSY, 2],
    ["x-envoy-retry-on: 5xx\r\nx-envoy-max-retries: 3\r\n", BUSY, 4],
    ["x-envoy-max-retries: 3\r\n", BUSY, 1],
    ["x-envoy-retry-on: retriable-status-codes\r\nx-envoy-retriable-status-codes: 404,503\r\n", BUSY, 2],
    ["x-envoy-retry-on: retriable-headers\r\nx-envoy-retriable-header-names: Content-Length\r\n", BUSY, 2],
    ["x-envoy-retry-grpc-on: unavailable\r\n", "HTTP/1.1 200 OK\r\ngrpc-status: 14\r\ncontent-length: 0\r\n\r\n", 2],
  ])("%j after %j make %d tries", async (fields, first, tries) => {
    await start({});
    plan = [first];
    ask(asks(fields));
    expect(seen).toHaveLength(tries);
    const head =
      ends
        .at(-1)
        ?.messages.at(-1)
        ?.fields.map(([name]) => name) ?? [];
    expect(head.filter((name) => /retr/.test(name))).toEqual([]);
  });

  it("choose a name under which answers are counted as well", async () => {
    await start({ retry_on: "5xx" });
    plan = [OK];
    ask(asks("x-envoy-upstream-alt-stat-name: mine\r\n"));
    expect([stat("mine.upstream_rq_200"), stat("mine.internal.upstream_rq_2xx"), stat("upstream_rq_200")]).toEqual([
      1, 1, 1,
    ]);
  });

  it("may be what the policy asks for", async () => {
    await start({ retry_on: "5xx", retriable_request_headers: [{ name: "x-idempotent", present_match: true }] });
    plan = [BUSY];
    ask();
    expect(seen.splice(0)).toHaveLength(1);
    ask(asks("x-idempotent: 1\r\n"));
    expect(seen).toHaveLength(2);
  });
});

describe("a limit for one try", () => {
  it("starts another, which is told how much time is left", async () => {
    await start(
      { retry_on: "5xx", num_retries: 5, per_try_timeout: "2s", retry_back_off: { base_interval: "0.001s" } },
      { action: { timeout: "5s" }, host: { include_is_timeout_retry_header: true } },
    );
    plan = [""];
    const client = proxy.request(GET);
    proxy.advance(4_500);
    expect(seen.map(({ expected }) => Number(expected) <= 2_000)).toEqual([true, true, true]);
    expect(Number(seen[2]?.expected)).toBeLessThanOrEqual(1_000);
    expect(field(ends[1]?.message as never, "x-envoy-is-timeout-retry")).toBe("true");
    proxy.advance(600);
    expect(client.status).toBe(504);
    expect(proxy.ended.at(-1)?.details).toBe("response_timeout");
    expect(stat("upstream_rq_per_try_timeout")).toBe(2);
  });

  it("without another is the end", async () => {
    await start({ per_try_timeout: "2s" });
    plan = [""];
    const client = proxy.request(GET);
    proxy.advance(2_100);
    expect(client.status).toBe(504);
    expect(proxy.ended.at(-1)).toMatchObject({ details: "upstream_per_try_timeout", flags: UPSTREAM_REQUEST_TIMEOUT });
  });

  it("lets an answer that has begun go on", async () => {
    await start({ retry_on: "5xx", per_try_timeout: "2s" });
    plan = ["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"];
    const client = proxy.request(GET);
    proxy.advance(3_000);
    ends[0]?.send("cd");
    proxy.settle();
    expect(client.message.body.toString()).toBe("abcd");
  });

  it("may be on silence", async () => {
    await start({ retry_on: "5xx", per_try_idle_timeout: "2s" });
    plan = [""];
    proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab");
    proxy.advance(2_100);
    expect(stat("upstream_rq_per_try_idle_timeout")).toBe(1);
    expect(ends.length).toBe(2);
  });
});
