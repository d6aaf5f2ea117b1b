import { expect, it } from "vitest";
import { SCRIPT } from "../../../host/admin/dashboard/script.ts";
import { AdminBench } from "../../support/admin_context.ts";
import { TinyDocument, TinyNode } from "../../support/tiny_dom.ts";

/** Runs the page's script over the pages of a bench; `tick` lets it look once more, `at` milliseconds after the start. */
function openPage(bench: AdminBench) {
  const server = bench.server();
  const document = new TinyDocument();
  let nowMs = 0;
  let next: (() => void) | null = null;
  let looked = Promise.withResolvers<void>();
  const fetch = async (path: string) => {
    const answer = await server.answer("GET", `/${path}`);
    return { json: async () => JSON.parse(answer.body) };
  };
  const setTimeout = (callback: () => void) => {
    next = callback;
    looked.resolve();
  };
  const run = new Function("document", "Node", "fetch", "setTimeout", "performance", SCRIPT);
  run(document, TinyNode, fetch, setTimeout, { now: () => nowMs });
  return {
    text: (id: string) => document.getElementById(id).textContent,
    first: looked.promise,
    async tick(ms: number) {
      nowMs += ms;
      looked = Promise.withResolvers();
      next?.();
      await looked.promise;
    },
  };
}

it("shows state, listeners, traffic and hosts, and turns differences into rates", async () => {
  const bench = new AdminBench();
  const { root } = bench.store;
  const requests = root.counter("http.web.downstream_rq_total");
  root.gauge("listener.127.0.0.1_10001.downstream_cx_active").set(3);
  requests.add(100);
  const page = openPage(bench);
  await page.first;
  expect(page.text("trouble")).toBe("");
  expect(page.text("state")).toBe("LIVE");
  expect(page.text("listeners")).toContain("tcp|127.0.0.1:10001|3|0|");
  expect(page.text("managers")).toBe("web|100|0|0|0|");
  expect(page.text("clusters")).toContain("a.example|127.0.0.1:8001|HEALTHY|0|0|0|0|");
  expect(page.text("clusters")).toContain("|/run/b.sock|DRAINING|");

  requests.add(50);
  bench.hostStats().rqTotal.add(20);
  await page.tick(2000);
  expect(page.text("managers")).toBe("web|150|25|0|0|");
  expect(page.text("clusters")).toContain("a.example|127.0.0.1:8001|HEALTHY|0|0|10|0|");
});

it("says so when the server does not answer", async () => {
  const bench = new AdminBench();
  const page = openPage(bench);
  await page.first;
  Object.assign(bench.context, {
    state: () => {
      throw new Error("gone");
    },
  });
  await page.tick(1000);
  expect(page.text("trouble")).toBe("no answer: gone");
});
