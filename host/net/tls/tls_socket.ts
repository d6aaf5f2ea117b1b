/**
 * A socket that speaks TLS, over Node's TLSSocket: public interface only. It is a portable socket in all but three things:
 *
 * - A client's is open once the handshake is done and the server's certificate is accepted; nothing of ours is sent before.
 * - A small write onto an empty queue is copied and does not count towards the watermark: Node encrypts at once and tells
 *   only later, so that each answer of each connection would pin a slab. A second one behind it is pinned, and so on:
 *   what waits is bounded by one small write more than elsewhere.
 * - A reset is that of the connection below.
 */

import type { Socket as NodeSocket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Address } from "../address.ts";
import { type CloseReason, closeReasonOfTls } from "../close_reason.ts";
import { PortableSocket } from "../portable/portable_socket.ts";
import type { NetOptions } from "../socket.ts";
import { failureOfError } from "./failure_reason.ts";
import type { TlsFacts } from "./tls_facts.ts";

export interface TlsSocketParts {
  readonly options: NetOptions;
  readonly stream: TLSSocket;
  /** What it is spoken on. */
  readonly below: NodeSocket;
  readonly remote: Address;
  readonly local: Address | null;
  readonly highBytes: number;
}

export class TlsSocket extends PortableSocket {
  /** Told once, when there will be no TLS on an outgoing connection. */
  onTlsFailure: (reason: CloseReason) => void = () => {};
  private readonly below: NodeSocket;
  /** Looks at the server's certificate when the handshake is done: what is known of it, or why it is refused. */
  private readonly admit: (() => TlsFacts | CloseReason) | null;

  /** @param admit for clients, whose handshake is under way @param tls for servers, whose handshake is done */
  constructor(parts: TlsSocketParts, tls: TlsFacts | null, admit: (() => TlsFacts | CloseReason) | null) {
    const { options, stream, remote, local, highBytes } = parts;
    super(options, stream, remote, local, highBytes, tls !== null, "secureConnect");
    this.below = parts.below;
    this.tls = tls;
    this.admit = admit;
    parts.below.on("error", (error: NodeJS.ErrnoException) => this.fail(this.reasonOf(error)));
  }

  protected override get copiesSmallWrites(): boolean {
    return this.pendingBytes === 0 || this.aboveHighWatermark || !this.isOpen;
  }

  protected override reasonOf(error: NodeJS.ErrnoException): CloseReason {
    const failure = this.isOpen ? "" : failureOfError(error);
    return failure === "" ? super.reasonOf(error) : closeReasonOfTls(failure);
  }

  override fail(reason: CloseReason): void {
    if (!this.isOver && reason.transportFailure !== undefined) this.onTlsFailure(reason);
    super.fail(reason);
  }

  protected override isAdmitted(): boolean {
    const answer = this.admit?.() ?? null;
    if (answer !== null && "kind" in answer) {
      this.fail(answer);
      return false;
    }
    this.tls = answer;
    return true;
  }

  protected override resetStream(): void {
    this.below.resetAndDestroy();
  }

  override detach(): never {
    throw new Error("there is no TLS inside TLS");
  }
}
