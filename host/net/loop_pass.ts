/**
 * One pass of the event loop over the sockets that are ready, in three steps where a plain loop has one:
 *
 *   reads     libuv reads one socket after the other; small reads are set aside          (host/net/read_stage)
 *   thoughts  what was read is handed to its owners, and what they answer is set aside   (host/net/output)
 *   writes    the answers leave
 *
 * The kernel's way up, our code and the kernel's way down are each larger than the nearest cache. In turns, socket by socket, they
 * drive each other out; one step after the other each is loaded once per pass. The order on each connection stays what it was.
 */

/** Calls back once the event loop has gone through the sockets that are ready now: `setImmediate`, libuv's check phase. */
export type AfterReads = (callback: () => void) => void;

export class LoopPass {
  /** Set by those who take part. */
  handOut: () => void = () => {};
  writeOut: () => void = () => {};
  private readonly afterReads: AfterReads;
  private isDue = false;
  private readonly end = (): void => {
    try {
      this.handOut();
    } finally {
      this.isDue = false;
    }
    this.writeOut();
  };

  constructor(afterReads: AfterReads) {
    this.afterReads = afterReads;
  }

  /** Something was set aside in this pass. */
  endLater(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.afterReads(this.end);
  }
}
