// The filter chain as a filter sees it: which callbacks come in which order, what STOP holds back, what a local reply does.

import { afterEach, describe, expect, it } from "vitest";
import { CONTINUE, type FilterStream, STOP } from "../../../host/http/filter.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import { type Script, ScriptedFilter, withFilters } from "../../support/fake_filters.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const ANSWER = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/** A proxy with filters `a`, `b`, ... by these scripts, and an upstream that answers each request with `ANSWER`. */
class Bench {
  readonly log: string[] = [];
  readonly filters: readonly ScriptedFilter[];
  proxy!: SimulatedProxy;
  upstream: FarEnd | null = null;
  answer = ANSWER;

  constructor(...scripts: Script[]) {
    this.filters = scripts.map(
      (script, i) => new ScriptedFilter("abc"[i] as string, this.log, () => this.proxy.core.bytes, script),
    );
  }

  async start(manager: object = {}): Promise<this> {
    const http1 = { enable_trailers: true };
    const config = httpConfig({
      routes: [route("/", "u")],
      clusters: { u: { ...CLUSTER, http_protocol_options: http1 } },
      manager: { http_protocol_options: http1, ...manager },
    });
    this.proxy = await SimulatedProxy.start(config, { networkFilters: withFilters(...this.filters) });
    await this.proxy.upstream(9001, (end) => {
      this.upstream = end;
      end.whenRead = () => {
        if (end.messages.at(-1)?.isComplete) end.send(this.answer);
      };
    });
    return this;
  }

  /** What filter `i` was last asked about. */
  stream(i: number): FilterStream {
    return (this.filters[i] as ScriptedFilter).stream;
  }

  /** Lines of one filter, or all, since the last call. */
  lines(name = ""): string[] {
    return this.log.splice(0).filter((line) => line.startsWith(name));
  }

  get sent(): string {
    return this.upstream?.message.body.toString("latin1") ?? "";
  }
}

const CLUSTER = {
  load_assignment: {
    cluster_name: "u",
    endpoints: [
      { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: 9001 } } } }] },
    ],
  },
};

let bench: Bench;

async function start(...scripts: Script[]): Promise<Bench> {
  bench = await new Bench(...scripts).start();
  return bench;
}

function post(body: string, trailers = ""): string {
  const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunk}0\r\n${trailers}\r\n`;
}

afterEach(() => {
  const { proxy } = bench;
  // Streams have ended exactly once in each filter, and nothing is left when everybody is gone.
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

describe("filters that go on", () => {
  it("see the request downward and the response upward, and the end once", async () => {
    const { proxy, log } = await start({}, {});
    expect(proxy.request(post("hi", "x-a: 1\r\n")).message.body.toString()).toBe("hello");
    expect(log).toEqual([
      "a request headers",
      "b request headers",
      "a request data hi",
      "b request data hi",
      "a request trailers",
      "b request trailers",
      "b response headers",
      "a response headers",
      "b response data hello end",
      "a response data hello end",
      "a end",
      "b end",
    ]);
    expect(bench.upstream?.message.trailers).toEqual([["x-a", "1"]]);
  });

  it("see a request without a body end with its headers", async () => {
    const { proxy, log } = await start({});
    proxy.request(GET);
    expect(log[0]).toBe("a request headers end");
  });
});

describe("a filter that stops at request headers", () => {
  it("keeps everything from the filters behind it until it continues; those before miss nothing", async () => {
    const { proxy } = await start({}, { onRequestHeaders: () => STOP }, {});
    const client = proxy.request(post("hi"));
    expect(bench.lines()).toEqual(["a request headers", "b request headers"]);
    bench.stream(1).continueRequest();
    await proxy.settled();
    expect(bench.lines().filter((line) => line.includes("request"))).toEqual([
      "c request headers",
      "a request data hi end",
      "b request data hi end",
      "c request data hi end",
    ]);
    expect(bench.sent).toBe("hi");
    expect(client.status).toBe(200);
  });

  it("pauses a client that sends more than may wait, and loses and mixes up none of it", async () => {
    const body = Array.from({ length: 60_000 }, (_, i) => `${i},`).join("");
    const { proxy } = await start({ onRequestHeaders: () => STOP });
    const client = proxy.request(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    // What the proxy took is what may wait and the read that went beyond it; the rest stays with the client.
    expect(client.socket.pendingBytes).toBeGreaterThan(body.length - 4 * 65_536);
    bench.stream(0).continueRequest();
    await proxy.settled();
    expect(bench.sent === body).toBe(true);
    expect(client.status).toBe(200);
  });

  it("is answered by a timeout all the same", async () => {
    const { proxy } = await start({ onRequestHeaders: () => STOP });
    const client = proxy.request(GET);
    proxy.advance(301_000);
    expect(client.status).toBe(504);
    expect(bench.lines("a end")).toEqual(["a end"]);
  });
});

describe("a filter that stops at request data", () => {
  it("sees later data, and all of it goes on in order when it says so", async () => {
    let seen = "";
    const { proxy } = await start(
      {},
      {
        onRequestData: (_stream, text, endStream) => {
          seen += text;
          return endStream ? CONTINUE : STOP;
        },
      },
      {},
    );
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nab");
    client.send("cd");
    proxy.settle();
    expect(bench.lines("c")).toEqual(["c request headers"]);
    client.send("ef");
    proxy.settle();
    expect(seen).toBe("abcdef");
    expect(bench.lines("c request")).toEqual(["c request data ab", "c request data cd", "c request data ef end"]);
    expect(bench.sent).toBe("abcdef");
  });

  it("keeps order also when the data had waited for it at the headers", async () => {
    let stops = true;
    const { proxy } = await start({ onRequestHeaders: () => STOP, onRequestData: () => (stops ? STOP : CONTINUE) });
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nab");
    client.send("cd");
    proxy.settle();
    client.send("ef");
    proxy.settle();
    bench.stream(0).continueRequest();
    await proxy.settled();
    expect(bench.lines("a request data")).toEqual(["a request data ab", "a request data cd", "a request data ef end"]);
    expect(bench.upstream?.messages.at(-1)?.body.toString() ?? "").toBe("");
    stops = false;
    bench.stream(0).continueRequest();
    await proxy.settled();
    expect(bench.sent).toBe("abcdef");
    expect(client.status).toBe(200);
  });

  it("may stand behind another one that stops later", async () => {
    const stops = [true, true];
    const { proxy } = await start(
      { onRequestData: (_s, text) => (stops[0] && text === "cd" ? STOP : CONTINUE) },
      { onRequestData: () => (stops[1] ? STOP : CONTINUE) },
    );
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nab");
    client.send("cd");
    proxy.settle();
    client.send("ef");
    proxy.settle();
    stops.fill(false);
    bench.stream(1).continueRequest();
    await proxy.settled();
    expect(bench.lines("a request data")).toEqual(["a request data ab", "a request data cd", "a request data ef end"]);
    expect(bench.sent).toBe("abcdef");
  });

  it("is shown the trailers, and may let all go on with them", async () => {
    const { proxy } = await start({ onRequestData: () => STOP });
    const client = proxy.request(post("hi", "x-a: 1\r\n"));
    expect(bench.lines("a request")).toEqual(["a request headers", "a request data hi", "a request trailers"]);
    expect(bench.sent).toBe("hi");
    expect(bench.upstream?.message.trailers).toEqual([["x-a", "1"]]);
    expect(client.status).toBe(200);
  });
});

it("holds trailers where a filter stops at them", async () => {
  const { proxy } = await start({ onRequestTrailers: () => STOP }, {});
  const client = proxy.request(post("hi", "x-a: 1\r\n"));
  expect(bench.lines("b")).toEqual(["b request headers", "b request data hi"]);
  expect(bench.upstream?.message.isComplete).toBe(false);
  bench.stream(0).continueRequest();
  await proxy.settled();
  expect(bench.lines("b request")).toEqual(["b request trailers"]);
  expect(client.status).toBe(200);
});

describe("bufferRequest", () => {
  const buffering = (maxBytes: number): Script => ({
    onRequestHeaders: (stream, endStream) => {
      if (endStream) return CONTINUE;
      stream.bufferRequest(maxBytes);
      return STOP;
    },
  });

  it("gathers the whole body and goes on by itself", async () => {
    const { proxy } = await start(buffering(10), {});
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\nabc");
    expect(bench.lines()).toEqual(["a request headers"]);
    expect(bench.upstream).toBe(null);
    client.send("def");
    proxy.settle();
    expect(bench.lines("b request")).toEqual(["b request headers", "b request data abc", "b request data def end"]);
    expect(bench.sent).toBe("abcdef");
    expect(client.status).toBe(200);
  });

  it("takes a body of exactly the limit, also one that ends with trailers", async () => {
    const { proxy } = await start(buffering(4));
    expect(proxy.request(post("abcd", "x-a: 1\r\n")).status).toBe(200);
    expect(bench.sent).toBe("abcd");
  });

  it("answers 413 beyond the limit and closes, before the upstream has heard of it", async () => {
    const { proxy } = await start(buffering(4), {});
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabcde");
    expect(client.status).toBe(413);
    expect(client.message.body.toString()).toBe("Payload Too Large");
    expect(bench.upstream).toBe(null);
    expect(proxy.stat("http.front.downstream_rq_too_large")).toBe(1);
    expect(proxy.ended[0]?.details).toBe("request_payload_too_large");
    proxy.advance(1_100);
    expect(client.isClosed).toBe(true);
  });

  it("of two filters in a row both see all of it", async () => {
    const { proxy } = await start(buffering(10), buffering(10), {});
    const client = proxy.request(post("abc"));
    expect(bench.sent).toBe("abc");
    expect(client.status).toBe(200);
    expect(bench.lines("c request")).toEqual(["c request headers", "c request data abc end"]);
  });

  it("of two filters in a row obeys the smaller limit", async () => {
    const { proxy } = await start(buffering(10), buffering(2));
    expect(proxy.request(post("abc")).status).toBe(413);
  });

  it("takes more than may otherwise wait", async () => {
    const body = "x".repeat(300_000);
    const { proxy } = await start(buffering(1_000_000));
    const client = proxy.request(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    expect(bench.sent === body).toBe(true);
    expect(client.status).toBe(200);
  });
});

describe("a filter on the way back", () => {
  it("stops at the headers: the client sees nothing until it continues", async () => {
    const { proxy } = await start({}, { onResponseHeaders: () => STOP });
    const client = proxy.request(GET);
    expect(client.receivedBytes).toBe(0);
    expect(bench.lines("a response")).toEqual([]);
    bench.stream(1).continueResponse();
    await proxy.settled();
    expect(client.message.body.toString()).toBe("hello");
    expect(bench.lines("b response data")[0]).toContain("b response data hello");
  });

  it("stops at the data: they wait", async () => {
    let stops = true;
    const { proxy } = await start({ onResponseData: () => (stops ? STOP : CONTINUE) });
    const client = proxy.request(GET);
    expect(client.message.body.toString()).toBe("");
    stops = false;
    bench.stream(0).continueResponse();
    await proxy.settled();
    expect(client.message.body.toString()).toBe("hello");
    expect(client.message.isComplete).toBe(true);
  });

  it("holds back a bounded amount: the upstream is paused, and goes on", async () => {
    const body = "0123456789".repeat(60_000);
    bench = new Bench({ onResponseHeaders: () => STOP });
    bench.answer = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const { proxy } = await bench.start();
    const client = proxy.request(GET);
    expect(bench.upstream?.socket.pendingBytes).toBeGreaterThan(body.length - 4 * 65_536);
    bench.stream(0).continueResponse();
    await proxy.settled();
    expect(client.message.body.toString() === body).toBe(true);
  });

  it("pauses the upstream once for two reasons, and lets it go on when both are gone", async () => {
    const body = "0123456789".repeat(100_000);
    let stops = true;
    bench = new Bench({ onResponseData: () => (stops ? STOP : CONTINUE) });
    bench.answer = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const { proxy } = await bench.start();
    const client = proxy.client();
    client.send(GET);
    client.socket.pauseReading();
    proxy.settle();
    stops = false;
    bench.stream(0).continueResponse();
    await proxy.settled();
    stops = true;
    client.socket.resumeReading();
    proxy.settle();
    stops = false;
    bench.stream(0).continueResponse();
    await proxy.settled();
    expect(client.message.body.toString() === body).toBe(true);
  });

  it("sees trailers, and may stop there", async () => {
    bench = new Bench({ onResponseTrailers: () => STOP });
    bench.answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n";
    const { proxy } = await bench.start();
    const client = proxy.request(GET);
    expect(client.message.isComplete).toBe(false);
    bench.stream(0).continueResponse();
    await proxy.settled();
    expect(client.message.trailers).toEqual([["x-sum", "7"]]);
  });
});

describe("a local reply", () => {
  const reply = (stream: FilterStream) => stream.sendLocalReply(418, "teapot", "test_reply", 0);

  it("in the request's headers ends the request there, and passes all filters upward", async () => {
    const { proxy } = await start(
      {},
      {
        onRequestHeaders: (stream) => {
          reply(stream);
          return STOP;
        },
      },
      {},
    );
    const client = proxy.request(GET);
    expect(client.message.body.toString()).toBe("teapot");
    expect(bench.upstream).toBe(null);
    const lines = bench.lines();
    expect(lines.slice(0, 2)).toEqual(["a request headers end", "b request headers end"]);
    expect(lines.filter((line) => line.includes("response headers"))).toEqual([
      "c response headers",
      "b response headers",
      "a response headers",
    ]);
    expect(lines.filter((line) => line.endsWith(" end") && !line.includes("re"))).toEqual(["a end", "b end", "c end"]);
  });

  it("in the request's data is sent at once, and the connection ends with it", async () => {
    const { proxy } = await start({
      onRequestData: (stream) => {
        reply(stream);
        return STOP;
      },
    });
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 600\r\n\r\nab");
    expect(client.status).toBe(418);
    proxy.advance(1_100);
    expect(client.isClosed).toBe(true);
  });

  it("in the response's headers replaces the answer, past the filters", async () => {
    const { proxy } = await start(
      {},
      {
        onResponseHeaders: (stream) => {
          reply(stream);
          return STOP;
        },
      },
    );
    const client = proxy.request(GET);
    expect(client.message.body.toString()).toBe("teapot");
    expect(client.status).toBe(418);
    expect(bench.lines("b response")).toEqual(["b response headers"]);
    expect(proxy.ended).toHaveLength(1);
  });

  it("while a filter holds the response's headers replaces what it holds", async () => {
    const { proxy } = await start({ onResponseHeaders: () => STOP });
    const client = proxy.request(GET);
    reply(bench.stream(0));
    await proxy.settled();
    expect(client.message.body.toString()).toBe("teapot");
    expect(client.message.isComplete).toBe(true);
  });

  it("after the response's headers cuts it short", async () => {
    const { proxy } = await start({
      onResponseData: (stream) => {
        reply(stream);
        return STOP;
      },
    });
    const client = proxy.request(GET);
    expect(client.message.isComplete).toBe(false);
    expect(client.isClosed).toBe(true);
    expect(proxy.stat("http.front.downstream_rq_tx_reset")).toBe(1);
  });

  it("that a filter holds back is what the client gets, whatever the upstream says meanwhile", async () => {
    let holds = true;
    const { proxy } = await start({ onResponseHeaders: () => (holds ? STOP : CONTINUE) });
    bench.answer = "";
    const client = proxy.request(GET);
    reply(bench.stream(0));
    bench.upstream?.send(ANSWER);
    proxy.settle();
    expect(client.receivedBytes).toBe(0);
    holds = false;
    bench.stream(0).continueResponse();
    await proxy.settled();
    expect(client.message.body.toString()).toBe("teapot");
    expect(proxy.ended).toHaveLength(1);
  });
});

describe("the end of a stream", () => {
  it.each([
    ["the client resets while a filter holds the request", { onRequestHeaders: () => STOP }],
    ["the client resets while a filter holds the response", { onResponseHeaders: () => STOP }],
    ["the client resets while the upstream thinks", {}],
  ] as [string, Script][])("is told once when %s", async (name, script) => {
    const { proxy } = await start(script);
    if (name.includes("thinks")) bench.answer = "";
    const client = proxy.request(post("hi"));
    client.reset();
    proxy.settle();
    expect(bench.lines("a end")).toEqual(["a end"]);
    // Verbs of a stream that is over do nothing.
    bench.stream(0).continueRequest();
    bench.stream(0).continueResponse();
    await proxy.settled();
    expect(proxy.ended).toHaveLength(1);
  });
});
