/** The seam to `explain`: told once per stream, when it ends and all is known of it. Must be nearly free. */

import type { HttpStream } from "./stream.ts";

export interface StreamObserver {
  onStreamEnd(stream: HttpStream): void;
}

export const NO_OBSERVER: StreamObserver = { onStreamEnd() {} };
