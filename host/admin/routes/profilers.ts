/** Pages of Envoy's allocator and profilers, which have nothing to tell here; they answer as an Envoy built without them. */

import type { AdminContext } from "../context.ts";
import { type AdminParam, type AdminResponse, type AdminRoute, text } from "../request.ts";

const ENABLES = ["y", "n"];

export const allocprofiler = profiler("allocprofiler", "allocation profiler", {
  help: "enable/disable the allocation profiler (if supported)",
  param: "enable/disable the allocation profiler",
});
export const cpuprofiler = profiler("cpuprofiler", "cpu profiler", {
  help: "enable/disable the CPU profiler",
  param: "enables the CPU profiler",
});
export const heapprofiler = profiler("heapprofiler", "heap profiler", {
  help: "enable/disable the heap profiler",
  param: "enable/disable the heap profiler",
});
export const heapDump = dump("/heap_dump", "dump current Envoy heap (if supported)", "heap dump");
export const peakHeapDump = dump("/peak_heap_dump", "dump peak Envoy heap (if supported)", "peak heap dump");
export const tcmalloc = dump("/memory/tcmalloc", "print TCMalloc stats", "TCMalloc");

function profiler(name: string, what: string, words: { help: string; param: string }): AdminRoute<AdminContext> {
  const params: AdminParam[] = [{ name: "enable", help: words.param, oneOf: ENABLES }];
  return {
    path: `/${name}`,
    help: words.help,
    changes: true,
    params,
    handle(_context, { query }) {
      return ENABLES.includes(query.get("enable") ?? "") ? unsupported(what) : text("?enable=<y|n>\n", 400);
    },
  };
}

function dump(path: string, help: string, what: string): AdminRoute<AdminContext> {
  return { path, help, changes: false, handle: () => unsupported(what) };
}

function unsupported(what: string): AdminResponse {
  return text(`The current build does not support ${what}\n`, 501);
}
