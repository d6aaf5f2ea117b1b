/**
 * The bench of the socket suite: two nets, so that the two ends share neither read buffer nor slabs, as two workers would
 * not; whatever a test opens on it is closed after the test, and nothing may be left.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type Address, IpAddress } from "../../host/net/address.ts";
import { SlabPool } from "../../host/net/slab_pool.ts";
import type { Listener, ListenOptions, Net, NetOptions } from "../../host/net/socket.ts";
import { Endpoint, type SocketRoom } from "./endpoint.ts";

/** An implementation under test. */
export interface SocketSubject {
  readonly name: string;
  /** Unix sockets are files that can be looked at. */
  readonly hasFiles: boolean;
  /** Nets made by one maker reach each other. */
  maker(): (options: NetOptions) => Net;
}

export const SLAB_BYTES = 65_536;
export const SLABS = 24;
export const LOOPBACK = new IpAddress(4, "127.0.0.1", 0);
/** Behind the slabs, for a net that stages its reads. */
export const STAGE_BYTES = 16_384;
const READ_BUFFER_BYTES = 65_536;

export interface Side extends SocketRoom {
  readonly net: Net;
}

export class SocketBench {
  readonly subject: SocketSubject;
  serverSide!: Side;
  clientSide!: Side;
  listeners: Listener[] = [];
  endpoints: Endpoint[] = [];
  folder = "";
  private make!: (options: NetOptions) => Net;

  constructor(subject: SocketSubject) {
    this.subject = subject;
  }

  setUp(): void {
    this.make = this.subject.maker();
    this.serverSide = this.side();
    this.clientSide = this.side();
    this.listeners = [];
    this.endpoints = [];
    this.folder = mkdtempSync(join(tmpdir(), "sockets-"));
  }

  async tearDown(): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.close()));
    for (const endpoint of this.endpoints) {
      endpoint.socket?.close();
      await endpoint.until(() => endpoint.closedBy !== null);
    }
    rmSync(this.folder, { recursive: true, force: true });
    // Whatever a test did, no slab is lost and nothing was thrown unasked.
    expect([this.serverSide.slabs.inUse, this.clientSide.slabs.inUse]).toEqual([0, 0]);
    expect([...this.serverSide.faults, ...this.clientSide.faults]).toEqual([]);
  }

  side(readBufferBytes = READ_BUFFER_BYTES): Side {
    const memory = new ArrayBuffer(readBufferBytes + SLAB_BYTES * SLABS + STAGE_BYTES);
    const faults: unknown[] = [];
    const options: NetOptions = {
      readBuffer: { bytes: new Uint8Array(memory, 0, readBufferBytes), address: 0 },
      onWake() {},
      onFault: (error) => faults.push(error),
    };
    return {
      net: this.make(options),
      options,
      faults,
      slabs: new SlabPool(memory, readBufferBytes, SLAB_BYTES, SLABS),
    };
  }

  endpointOn(room: SocketRoom): Endpoint {
    const endpoint = new Endpoint(room);
    this.endpoints.push(endpoint);
    return endpoint;
  }

  async listen(
    onAccept: (endpoint: Endpoint) => void,
    changes: Partial<ListenOptions> = {},
    on: Side = this.serverSide,
  ): Promise<Listener> {
    const { listener, error } = await on.net.listen({
      address: LOOPBACK,
      backlog: 1_024,
      reusePort: false,
      ipv6Only: true,
      highBytes: 0,
      onAcceptTrouble() {},
      onAccept: (socket) => {
        const endpoint = this.endpointOn(on);
        endpoint.socket = socket;
        socket.owner = endpoint;
        onAccept(endpoint);
      },
      ...changes,
    });
    if (listener === null) throw new Error(error.message);
    this.listeners.push(listener);
    return listener;
  }

  connect(address: Address, highBytes = 0, on: Side = this.clientSide, source?: IpAddress): Endpoint {
    const endpoint = this.endpointOn(on);
    endpoint.socket = on.net.connect(address, source === undefined ? { highBytes } : { highBytes, source }, endpoint);
    return endpoint;
  }

  /** A connection, both ends established and known: client, server. */
  async pair(changes: Partial<ListenOptions> = {}, highBytes = 0): Promise<[Endpoint, Endpoint]> {
    let accepted: Endpoint | null = null;
    const listener = await this.listen((endpoint) => {
      accepted = endpoint;
      endpoint.send("!");
    }, changes);
    const client = this.connect(listener.address, highBytes);
    await client.until(() => client.receivedBytes === 1);
    client.receivedBytes = 0;
    client.reads.length = 0;
    return [client, accepted as unknown as Endpoint];
  }

  /** Events already under way reach everybody: another connection, made later, has gone back and forth. */
  async barrier(): Promise<void> {
    const listener = await this.listen((endpoint) => {
      endpoint.whenRead = (bytes) => endpoint.send(bytes);
    });
    const client = this.connect(listener.address);
    client.whenConnected = () => client.send("ping");
    await client.until(() => client.receivedBytes === 4);
    client.connection.close();
    await client.until(() => client.closedBy !== null);
  }
}
