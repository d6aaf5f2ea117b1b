// The cors filter: preflights answered here, other answers marked, and policies of two levels merged.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpConfig, ROUTER, route } from "./support/config.ts";
import { type RunningProxy, startProxy } from "./support/proxy.ts";
import { httpUpstream } from "./support/upstream.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters.http.cors.v3";
const policy = (fields: object) => ({ "envoy.filters.http.cors": { "@type": `${TYPE}.CorsPolicy`, ...fields } });
const PREFLIGHT = { origin: "https://good.example", "access-control-request-method": "PUT" };

const ends: (() => Promise<void>)[] = [];
const whenOver = (end: () => Promise<void>) => void ends.push(end);
let running: RunningProxy;

beforeAll(async () => {
  const { port } = await httpUpstream(whenOver, (_request, response) => response.end("upstream"));
  const narrow = {
    match: { prefix: "/narrow" },
    route: { cluster: "a" },
    typed_per_filter_config: policy({ allow_methods: "GET" }),
  };
  const off = {
    match: { prefix: "/off" },
    route: { cluster: "a" },
    typed_per_filter_config: policy({ filter_enabled: { default_value: { numerator: 0 } } }),
  };
  const table = {
    virtual_hosts: [
      {
        name: "everyone",
        domains: ["*"],
        routes: [narrow, off, route("/", "a")],
        typed_per_filter_config: policy({
          allow_origin_string_match: [{ exact: "https://good.example" }, { safe_regex: { regex: "https://.*[.]re" } }],
          allow_methods: "GET, PUT",
          max_age: "600",
          allow_credentials: true,
        }),
      },
    ],
  };
  const cors = { name: "envoy.filters.http.cors", typed_config: { "@type": `${TYPE}.Cors` } };
  running = await startProxy(
    whenOver,
    httpConfig({ routes: [], clusters: { a: port }, manager: { route_config: table, http_filters: [cors, ROUTER] } }),
  );
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

async function ask(path: string, method: string, headers: Record<string, string>) {
  const answer = await fetch(`${running.url}${path}`, { method, headers });
  return { body: await answer.text(), allowed: answer.headers };
}

describe("cors", () => {
  it("answers a preflight of an allowed origin itself", async () => {
    const { body, allowed } = await ask("/", "OPTIONS", PREFLIGHT);
    expect(body).toBe("");
    expect(allowed.get("access-control-allow-origin")).toBe("https://good.example");
    expect(allowed.get("access-control-allow-methods")).toBe("GET, PUT");
    expect(allowed.get("access-control-max-age")).toBe("600");
    expect(allowed.get("access-control-allow-credentials")).toBe("true");
  });

  it("marks the upstream's answers, by exact origin and by regex", async () => {
    for (const origin of ["https://good.example", "https://a.re"]) {
      const { body, allowed } = await ask("/", "GET", { origin });
      expect(body).toBe("upstream");
      expect(allowed.get("access-control-allow-origin")).toBe(origin);
    }
  });

  it("lets others pass unmarked, and counts both", async () => {
    const before = await running.counter("http.front.cors.origin_invalid");
    const { body, allowed } = await ask("/", "OPTIONS", { ...PREFLIGHT, origin: "https://evil.example" });
    expect(body).toBe("upstream");
    expect(allowed.get("access-control-allow-origin")).toBeNull();
    expect((await running.counter("http.front.cors.origin_invalid")) - before).toBe(1);
    expect(await running.counter("http.front.cors.origin_valid")).toBeGreaterThan(0);
  });

  it("takes from the route what it says and from the virtual host the rest", async () => {
    const { allowed } = await ask("/narrow", "OPTIONS", PREFLIGHT);
    expect(allowed.get("access-control-allow-methods")).toBe("GET");
    expect(allowed.get("access-control-max-age")).toBe("600");
    const { body } = await ask("/off", "OPTIONS", PREFLIGHT);
    expect(body).toBe("upstream");
  });
});
