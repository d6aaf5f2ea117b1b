// What a filter may make of a message: other bytes, more of them, trailers or none, and headers that wait for the body.

import { afterEach, describe, expect, it } from "vitest";
import { CONTINUE, type FilterStatus, type FilterStream, STOP } from "../../../host/http/filter.ts";
import { httpConfig, route } from "../../e2e/support/config.ts";
import { type Script, ScriptedFilter, withFilters } from "../../support/fake_filters.ts";
import type { FarEnd } from "../../support/far_end.ts";
import { field } from "../../support/http_messages.ts";
import { SimulatedProxy } from "../../support/simulated_proxy.ts";

const HTTP1 = { enable_trailers: true };
const log: string[] = [];
let proxy: SimulatedProxy;
let upstream: FarEnd;
let filters: ScriptedFilter[] = [];
let answer = "";

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const chunked = (start: string, pieces: string[], trailers = "") =>
  `${start}\r\ntransfer-encoding: chunked\r\n\r\n${pieces.map(chunk).join("")}0\r\n${trailers}\r\n`;
const post = (pieces: string[], trailers = "") => chunked("POST / HTTP/1.1\r\nhost: a", pieces, trailers);
const andThen = (_: unknown, status: FilterStatus): FilterStatus => status;
const bytes = (text: string) => Buffer.from(text, "latin1");

async function start(...scripts: Script[]): Promise<void> {
  log.length = 0;
  answer = chunked("HTTP/1.1 200 OK", ["hello"], "x-t: 1\r\n");
  filters = scripts.map((script, i) => new ScriptedFilter("abc"[i] as string, log, () => proxy.core.bytes, script));
  const cluster = {
    http_protocol_options: HTTP1,
    load_assignment: {
      cluster_name: "u",
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: "127.0.0.1", port_value: 9001 } } } }] },
      ],
    },
  };
  const config = httpConfig({
    routes: [route("/", "u")],
    clusters: { u: cluster },
    manager: { http_protocol_options: HTTP1 },
  });
  proxy = await SimulatedProxy.start(config, { networkFilters: withFilters(...filters) });
  await proxy.upstream(9001, (end) => {
    upstream = end;
    end.whenRead = () => {
      if (end.messages.at(-1)?.isComplete) end.send(answer);
    };
  });
}

afterEach(() => {
  proxy.advance(4_000_000);
  expect(proxy.leftovers()).toEqual([]);
});

const lines = (start: string) => log.filter((line) => line.startsWith(start));
const got = ({ message }: FarEnd) => [message.body.toString("latin1"), Object.fromEntries(message.trailers)];

describe("replace", () => {
  it("shows other bytes to the filters behind, in both directions", async () => {
    await start(
      { onResponseData: (stream) => andThen(stream.responseBody.replace(bytes("AND")), CONTINUE) },
      {
        onRequestData: (stream, text) => andThen(stream.requestBody.replace(bytes(text.toUpperCase())), CONTINUE),
        onResponseData: (stream, text) => andThen(stream.responseBody.replace(bytes(`<${text}>`)), CONTINUE),
      },
      {},
    );
    expect(got(proxy.request(post(["ab", "cd"])))).toEqual(["AND", { "x-t": "1" }]);
    expect(upstream.message.body.toString()).toBe("ABCD");
    expect(lines("a response data")).toEqual(["a response data <hello>"]);
    expect(lines("c request data")).toEqual(["c request data ABCD end"]);
  });

  it("may leave nothing: then nothing but the end goes on", async () => {
    await start({ onRequestData: (stream) => andThen(stream.requestBody.replace(bytes("")), CONTINUE) }, {});
    proxy.request("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
    expect(lines("b request data")).toEqual(["b request data  end"]);
    expect(upstream.message.isComplete).toBe(true);
  });

  it("may be far longer than what was shown", async () => {
    const long = Array.from({ length: 40_000 }, (_, i) => `${i},`).join("");
    await start({ onResponseData: (stream) => andThen(stream.responseBody.replace(bytes(long)), CONTINUE) }, {});
    expect(got(proxy.request(post([])))[0]).toBe(long);
  });

  it("holds in what waits for the filter", async () => {
    const script: Script = {
      onRequestData: (stream, text, endStream) => {
        stream.requestBody.replace(bytes(text.toUpperCase()));
        return endStream ? CONTINUE : STOP;
      },
    };
    await start(script, {});
    const client = proxy.request("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab");
    client.send("cd");
    proxy.settle();
    expect(upstream.message.body.toString()).toBe("ABCD");
  });
});

describe("watch", () => {
  const watching = (more: Script): Script => ({
    onResponseHeaders: (stream) => {
      stream.responseBody.watch();
      return STOP;
    },
    ...more,
  });

  it("shows the body while the headers wait, until CONTINUE for a part of it", async () => {
    await start({}, watching({ onResponseData: (_, text) => (text === "one" ? STOP : CONTINUE) }));
    answer = "";
    const client = proxy.request(post([]));
    const tell = (text: string) => {
      upstream.send(text);
      proxy.settle();
    };
    tell(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunk("one")}`);
    expect(lines("a response")).toEqual([]);
    tell(chunk("two"));
    tell(`${chunk("three")}0\r\n\r\n`);
    expect(lines("a response")).toEqual([
      "a response headers",
      "a response data one",
      "a response data two",
      "a response data three end",
    ]);
    expect(got(client)[0]).toBe("onetwothree");
  });

  it("lets headers know what the trailers say", async () => {
    await start({}, watching({ onResponseData: () => STOP, onResponseTrailers: copyTrailer }));
    const client = proxy.request(post([]));
    expect(field(client.message, "x-copied")).toBe("1");
    expect(got(client)).toEqual(["hello", { "x-t": "1" }]);
  });

  it("ends with a local reply like any other stop", async () => {
    await start({}, watching({ onResponseData: (stream) => andThen(stream.sendLocalReply(500, "no", "d", 0), STOP) }));
    expect(proxy.request(post([])).status).toBe(500);
  });

  function copyTrailer(stream: FilterStream): typeof CONTINUE {
    const { responseHeaders, responseTrailers } = stream.info;
    responseHeaders?.set("x-copied", responseTrailers?.get("x-t") ?? "");
    return CONTINUE;
  }
});

describe("trailers", () => {
  it("are dropped for a last piece of the body", async () => {
    const script: Script = {
      onResponseTrailers: (stream) => {
        stream.responseBody.append(bytes("!"));
        stream.responseBody.dropTrailers();
        return CONTINUE;
      },
    };
    await start({}, script);
    expect(got(proxy.request(post([])))).toEqual(["hello!", {}]);
    expect(lines("a response")).toEqual(["a response headers", "a response data hello", "a response data ! end"]);
  });

  it("stay behind a piece that is put before them", async () => {
    await start({}, { onResponseTrailers: (stream) => andThen(stream.responseBody.append(bytes("!")), CONTINUE) });
    expect(got(proxy.request(post([])))).toEqual(["hello!", { "x-t": "1" }]);
    expect(lines("a response").slice(1)).toEqual(["a response data hello", "a response data !", "a response trailers"]);
  });

  it("are added to a body that had none", async () => {
    const script: Script = {
      onResponseData: (stream, _, endStream) => {
        if (endStream) stream.responseBody.addTrailers()?.set("x-added", "1");
        return CONTINUE;
      },
    };
    await start({}, script);
    answer = chunked("HTTP/1.1 200 OK", ["hello"]);
    expect(got(proxy.request(post([])))).toEqual(["hello", { "x-added": "1" }]);
    expect(lines("a response").slice(1)).toEqual(["a response data hello", "a response trailers"]);
  });

  it("and a body are added to a head that was all", async () => {
    const script: Script = {
      onRequestHeaders: (stream, endStream) => {
        if (endStream) {
          stream.requestBody.append(bytes("body"));
          stream.requestBody.addTrailers()?.set("x-added", "1");
        }
        return CONTINUE;
      },
    };
    await start(script, {});
    proxy.request("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    expect(lines("b request")).toEqual(["b request headers", "b request data body", "b request trailers"]);
    expect(upstream.message.body.toString()).toBe("body");
    expect(upstream.message.trailers).toEqual([["x-added", "1"]]);
  });

  it("that are added wait with what a later filter holds back", async () => {
    const adding: Script = {
      onRequestData: (stream, _, endStream) => {
        if (endStream) stream.requestBody.addTrailers()?.set("x-added", "1");
        return CONTINUE;
      },
    };
    await start(adding, { onRequestData: () => STOP, onRequestTrailers: () => STOP }, {});
    proxy.request(post(["ab"]));
    expect(lines("c request")).toEqual(["c request headers"]);
    (filters[1] as ScriptedFilter).stream.continueRequest();
    await proxy.settled();
    expect(lines("c request")).toEqual(["c request headers", "c request data ab", "c request trailers"]);
    expect(upstream.message.trailers).toEqual([["x-added", "1"]]);
  });
});
