// The overload manager: actions above a threshold of memory.
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigError, createProxy } from "../../host/index.ts";
import { httpConfig } from "./support/config.ts";
import { startProxy } from "./support/proxy.ts";

const DIRECT = [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "served" } } }];

/** A heap limit that any process is above, or none is. */
function overloaded(limitBytes: string, actions: readonly string[], trigger = "envoy.resource_monitors.fixed_heap") {
  return httpConfig({
    routes: DIRECT,
    bootstrap: {
      overload_manager: {
        refresh_interval: "0.01s",
        resource_monitors: [
          {
            name: "envoy.resource_monitors.fixed_heap",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
              max_heap_size_bytes: limitBytes,
            },
          },
        ],
        actions: actions.map((name) => ({ name, triggers: [{ name: trigger, threshold: { value: 0.95 } }] })),
      },
    },
  });
}

describe("overload manager", () => {
  it("answers 503 while memory is above the threshold, and says so", async () => {
    const proxy = await startProxy(
      onTestFinished,
      overloaded("1000", ["envoy.overload_actions.stop_accepting_requests", "envoy.overload_actions.shrink_heap"]),
    );
    await expect.poll(async () => (await fetch(proxy.url)).status).toBe(503);
    expect(await (await fetch(proxy.url)).text()).toBe("envoy overloaded");
    expect(await proxy.gauge("overload.envoy.overload_actions.stop_accepting_requests.active")).toBe(1);
    expect(await proxy.gauge("overload.envoy.resource_monitors.fixed_heap.pressure")).toBe(100);
    expect(await proxy.counter("http.front.downstream_rq_overload_close")).toBeGreaterThan(0);
  });

  it("closes connections after their response, or at the door", async () => {
    const keepalive = await startProxy(
      onTestFinished,
      overloaded("1000", ["envoy.overload_actions.disable_http_keepalive"]),
    );
    await expect.poll(async () => (await fetch(keepalive.url)).headers.get("connection")).toBe("close");
    const door = await startProxy(
      onTestFinished,
      overloaded("1000", ["envoy.overload_actions.reject_incoming_connections"]),
    );
    await expect.poll(() => fetch(door.url).then(String, () => "rejected")).toBe("rejected");
    expect(await door.counter("listener.127.0.0.1_0.downstream_cx_overload_reject")).toBeGreaterThan(0);
  });

  it("leaves all alone below the threshold", async () => {
    const proxy = await startProxy(
      onTestFinished,
      overloaded("1000000000000", ["envoy.overload_actions.stop_accepting_requests"]),
    );
    await expect.poll(() => proxy.gauge("overload.envoy.resource_monitors.fixed_heap.pressure")).toBe(0);
    expect((await fetch(proxy.url)).status).toBe(200);
  });

  it("refuses actions that are not there yet, and triggers that nothing measures", async () => {
    const refused = (config: object) => createProxy({ config, concurrency: 1 });
    await expect(refused(overloaded("1000", ["envoy.overload_actions.reduce_timeouts"]))).rejects.toThrow(
      /reduce_timeouts is not supported yet/,
    );
    await expect(
      refused(overloaded("1000", ["envoy.overload_actions.shrink_heap"], "envoy.resource_monitors.other")),
    ).rejects.toThrow(ConfigError);
  });
});
