/** Streams wait here between requests, so that a request allocates none. */

import type { HttpWorker } from "./http_worker.ts";
import { HttpStream } from "./stream.ts";

/** More than this many free streams are left to the garbage collector: a burst does not stay for ever. */
const FREE_STREAMS_MAX = 4096;

export class StreamPool {
  private readonly free: HttpStream[] = [];

  take(worker: HttpWorker): HttpStream {
    return this.free.pop() ?? new HttpStream(worker);
  }

  giveBack(stream: HttpStream): void {
    if (this.free.length < FREE_STREAMS_MAX) this.free.push(stream);
  }
}
