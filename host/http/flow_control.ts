/**
 * Who waits for whom in one stream (docs/flow_control.md): the client, while filters or the upstream are slow with the request;
 * the source of the answer, while the client or filters are slow with that.
 */

import type { HttpStream } from "./stream.ts";
import type { RequestFlow } from "./terminal_stream.ts";

export class FlowControl implements RequestFlow {
  private readonly stream: HttpStream;
  /** How often the client is paused on this stream's behalf. */
  private requestPauses = 0;
  /** The client reads too slowly. */
  private isSocketBlocked = false;
  /** More of the answer waits for a filter than should. */
  private isResponseHeld = false;

  constructor(stream: HttpStream) {
    this.stream = stream;
  }

  begin(): void {
    this.requestPauses = 0;
    this.isSocketBlocked = false;
    this.isResponseHeld = false;
  }

  /** The connection serves others after this stream. */
  end(): void {
    while (this.requestPauses > 0) this.resumeRequest();
  }

  // --- the request -----------------------------------------------------------------------------------------------------

  pauseRequest(): void {
    this.requestPauses++;
    this.stream.http.pauseRequest();
  }

  resumeRequest(): void {
    if (this.requestPauses === 0) return;
    this.requestPauses--;
    this.stream.http.resumeRequest();
  }

  countPause(): void {
    this.stream.manager.stats.flowPaused.inc();
  }

  countResume(): void {
    this.stream.manager.stats.flowResumed.inc();
  }

  // --- the answer ------------------------------------------------------------------------------------------------------

  onDownstreamBlocked(): void {
    if (this.isSocketBlocked) return;
    this.isSocketBlocked = true;
    if (!this.isResponseHeld) this.tellBlocked();
  }

  onDownstreamDrained(): void {
    if (!this.isSocketBlocked) return;
    this.isSocketBlocked = false;
    this.stream.timers.touch();
    if (!this.isResponseHeld) this.tellDrained();
  }

  /** A filter holds back so much of the answer that its source shall wait. */
  pauseResponse(): void {
    this.isResponseHeld = true;
    if (!this.isSocketBlocked) this.tellBlocked();
  }

  resumeResponse(): void {
    this.isResponseHeld = false;
    if (!this.isSocketBlocked) this.tellDrained();
  }

  private tellBlocked(): void {
    const { filterCount, filters } = this.stream;
    for (let i = 0; i < filterCount; i++) filters[i]?.onDownstreamBlocked?.(this.stream);
  }

  private tellDrained(): void {
    const { filterCount, filters } = this.stream;
    for (let i = 0; i < filterCount; i++) filters[i]?.onDownstreamDrained?.(this.stream);
  }
}
