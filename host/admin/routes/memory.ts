/** /memory: envoy.admin.v3.Memory, told of V8's heaps and the process where Envoy tells of its allocator. */

import { getHeapStatistics } from "node:v8";
import type { AdminContext } from "../context.ts";
import { type AdminRoute, json } from "../request.ts";

export const memory: AdminRoute<AdminContext> = {
  path: "/memory",
  help: "print current allocation/heap usage",
  changes: false,
  handle() {
    const { heapTotal, heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    return json({
      allocated: String(heapUsed + external),
      heap_size: String(heapTotal + external),
      // V8 gives pages back to the system at once; what it keeps is in `pageheap_free`.
      pageheap_unmapped: "0",
      pageheap_free: String(Math.max(0, heapTotal - getHeapStatistics().used_heap_size)),
      total_thread_cache: String(arrayBuffers),
      total_physical_bytes: String(rss),
    });
  },
};
