/** The far end of a connection of a simulated proxy: a client or an upstream, told what to say and when. */

import type { CloseReason } from "../../host/net/close_reason.ts";
import type { NetOptions, OutputSlab, Socket, SocketOwner } from "../../host/net/socket.ts";
import { type Message, MessageReader } from "./http_messages.ts";

export class FarEnd implements SocketOwner {
  socket!: Socket;
  isConnected = false;
  /** The proxy's FIN has come. */
  isEnded = false;
  closedBy: CloseReason | null = null;
  receivedBytes = 0;
  /** Answers a FIN with its own; off: stays half-open. */
  endsOnFin = true;
  readonly reader = new MessageReader();
  /** What an event does beside being noted. */
  whenConnected: () => void = () => {};
  whenRead: () => void = () => {};
  whenEnded: () => void = () => {};
  whenClosed: () => void = () => {};
  private readonly memory: Uint8Array;

  constructor(options: NetOptions) {
    this.memory = options.readBuffer.bytes;
  }

  get isClosed(): boolean {
    return this.closedBy !== null;
  }

  get messages(): readonly Message[] {
    return this.reader.messages;
  }

  /** The only message so far. */
  get message(): Message {
    const [message, ...others] = this.reader.messages;
    if (message === undefined || others.length > 0)
      throw new Error(`${this.reader.messages.length} messages instead of one`);
    return message;
  }

  /** The status of the only response, 0 when there is none. */
  get status(): number {
    return this.messages.length === 0 ? 0 : this.message.status;
  }

  send(content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    if (bytes.length > 0) this.socket.write(new Bytes(bytes), bytes.length);
  }

  end(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.close();
  }

  reset(): void {
    this.socket.reset();
  }

  onConnect(): void {
    this.isConnected = true;
    this.whenConnected();
  }

  onRead(address: number, length: number): void {
    this.receivedBytes += length;
    this.reader.push(Buffer.from(this.memory.subarray(address, address + length)));
    this.whenRead();
  }

  onEnd(): void {
    this.isEnded = true;
    this.reader.end();
    this.whenEnded();
    if (this.endsOnFin) this.socket.end();
  }

  onDrain(): void {}

  onClose(reason: CloseReason): void {
    this.closedBy = reason;
    this.whenClosed();
  }
}

/** Bytes of the far side: on the heap, as many as it likes. */
class Bytes implements OutputSlab {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice();
  }

  view(length: number): Uint8Array {
    return this.bytes.subarray(0, length);
  }

  release(): void {}
}
