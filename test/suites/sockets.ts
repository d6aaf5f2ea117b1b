/**
 * What every implementation of `host/net/socket.ts` does. Each test makes two nets, so that the two ends share neither
 * read buffer nor slabs, as two workers would not.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Address, IpAddress, PipeAddress } from "../../host/net/address.ts";
import { SlabPool } from "../../host/net/slab_pool.ts";
import {
  COPY_BEHIND_PENDING_MAX,
  type Listener,
  type ListenOptions,
  type Net,
  type NetOptions,
  WRITE_DONE,
  WRITE_FAILED,
  WRITE_PINNED,
} from "../../host/net/socket.ts";
import { Endpoint, type SocketRoom } from "../support/endpoint.ts";
import { randomBytes, randomNumbers } from "../support/random.ts";

export interface SocketSubject {
  readonly name: string;
  /** Unix sockets are files that can be looked at. */
  readonly hasFiles: boolean;
  /** Nets made by one maker reach each other. */
  maker(): (options: NetOptions) => Net;
}

const READ_BUFFER_BYTES = 65_536;
const SLAB_BYTES = 65_536;
const SLABS = 24;
const LOOPBACK = new IpAddress(4, "127.0.0.1", 0);
const MEBIBYTE = 1_048_576;

interface Side extends SocketRoom {
  readonly net: Net;
}

export function socketSuite(subject: SocketSubject): void {
  describe(`sockets: ${subject.name}`, () => {
    let make: (options: NetOptions) => Net;
    let serverSide: Side;
    let clientSide: Side;
    let listeners: Listener[];
    let endpoints: Endpoint[];
    let folder: string;

    function side(readBufferBytes = READ_BUFFER_BYTES): Side {
      const memory = new ArrayBuffer(readBufferBytes + SLAB_BYTES * SLABS);
      const faults: unknown[] = [];
      const options: NetOptions = {
        readBuffer: { bytes: new Uint8Array(memory, 0, readBufferBytes) },
        onWake() {},
        onFault: (error) => faults.push(error),
      };
      return { net: make(options), options, faults, slabs: new SlabPool(memory, readBufferBytes, SLAB_BYTES, SLABS) };
    }

    function endpointOn(room: SocketRoom): Endpoint {
      const endpoint = new Endpoint(room);
      endpoints.push(endpoint);
      return endpoint;
    }

    async function listen(
      onAccept: (endpoint: Endpoint) => void,
      changes: Partial<ListenOptions> = {},
      on: Side = serverSide,
    ): Promise<Listener> {
      const { listener, error } = await on.net.listen({
        address: LOOPBACK,
        backlog: 1_024,
        reusePort: false,
        ipv6Only: true,
        highBytes: 0,
        onAcceptTrouble() {},
        onAccept(socket) {
          const endpoint = endpointOn(on);
          endpoint.socket = socket;
          socket.owner = endpoint;
          onAccept(endpoint);
        },
        ...changes,
      });
      if (listener === null) throw new Error(error.message);
      listeners.push(listener);
      return listener;
    }

    function connect(address: Address, highBytes = 0, on: Side = clientSide, source?: IpAddress): Endpoint {
      const endpoint = endpointOn(on);
      endpoint.socket = on.net.connect(address, source === undefined ? { highBytes } : { highBytes, source }, endpoint);
      return endpoint;
    }

    /** A connection, both ends established and known. */
    async function pair(changes: Partial<ListenOptions> = {}, highBytes = 0): Promise<[Endpoint, Endpoint]> {
      let accepted: Endpoint | null = null;
      const listener = await listen((endpoint) => {
        accepted = endpoint;
        endpoint.send("!");
      }, changes);
      const client = connect(listener.address, highBytes);
      await client.until(() => client.receivedBytes === 1);
      client.receivedBytes = 0;
      client.reads.length = 0;
      return [client, accepted as unknown as Endpoint];
    }

    /** Events already under way reach everybody: another connection, made later, has gone back and forth. */
    async function barrier(): Promise<void> {
      const listener = await listen((endpoint) => {
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      const client = connect(listener.address);
      client.whenConnected = () => client.send("ping");
      await client.until(() => client.receivedBytes === 4);
      client.connection.close();
      await client.until(() => client.closedBy !== null);
    }

    beforeEach(() => {
      make = subject.maker();
      serverSide = side();
      clientSide = side();
      listeners = [];
      endpoints = [];
      folder = mkdtempSync(join(tmpdir(), "sockets-"));
    });

    afterEach(async () => {
      await Promise.all(listeners.map((listener) => listener.close()));
      for (const endpoint of endpoints) {
        endpoint.socket?.close();
        await endpoint.until(() => endpoint.closedBy !== null);
      }
      rmSync(folder, { recursive: true, force: true });
      // Whatever a test did, no slab is lost and nothing was thrown unasked.
      expect([serverSide.slabs.inUse, clientSide.slabs.inUse]).toEqual([0, 0]);
      expect([...serverSide.faults, ...clientSide.faults]).toEqual([]);
    });

    it("echoes, and knows both addresses on both sides", async () => {
      let accepted: Endpoint | null = null;
      const listener = await listen((endpoint) => {
        accepted = endpoint;
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      expect(listener.address.text).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
      const client = connect(listener.address);
      expect(client.connection.isOpen).toBe(false);
      client.whenConnected = () => client.send("hello");
      await client.until(() => client.text === "hello");
      const server = accepted as unknown as Endpoint;
      expect(client.connection.isOpen).toBe(true);
      expect(client.connection.remote.text).toBe(listener.address.text);
      expect(server.connection.local.text).toBe(listener.address.text);
      expect(client.connection.local.text).toBe(server.connection.remote.text);
      expect(client.connection.pendingBytes).toBe(0);
    });

    it("carries 16 MiB to a slow reader unharmed, with bounded pending output", async () => {
      const content = randomBytes(16 * MEBIBYTE, 1);
      const [client, server] = await pair({}, 100_000);
      server.whenRead = () => {
        server.connection.pauseReading();
        setImmediate(() => server.connection.resumeReading());
      };
      client.send(content, true);
      await server.until(() => server.events.includes("end"));
      expect(server.receivedBytes).toBe(content.length);
      expect(server.digest).toBe(createHash("sha256").update(content).digest("hex"));
      // It did get congested, or this test would show nothing.
      expect(client.events).toContain("drain");
      expect(client.pendingMax).toBeLessThanOrEqual(100_000 + SLAB_BYTES);
      expect(client.connection.pendingBytes).toBe(0);
    });

    it("carries 4 MiB both ways at once", async () => {
      const [up, down] = [randomBytes(4 * MEBIBYTE, 2), randomBytes(4 * MEBIBYTE, 3)];
      const [client, server] = await pair();
      client.send(up, true);
      server.send(down, true);
      await Promise.all([client, server].map((endpoint) => endpoint.until(() => endpoint.closedBy !== null)));
      expect(server.digest).toBe(createHash("sha256").update(up).digest("hex"));
      expect(client.receivedBytes).toBe(down.length);
      expect([client.closedBy?.kind, server.closedBy?.kind]).toEqual(["ended", "ended"]);
    });

    it.each(["client", "server"])("goes on writing after the FIN of the peer (%s ends first)", async (first) => {
      const [client, server] = await pair();
      const [ends, answers] = first === "client" ? [client, server] : [server, client];
      answers.whenEnded = () => answers.send("the answer to your end", true);
      ends.send("a request", true);
      await ends.until(() => ends.closedBy !== null);
      await answers.until(() => answers.closedBy !== null);
      expect(answers.text.endsWith("a request")).toBe(true);
      expect(ends.text.endsWith("the answer to your end")).toBe(true);
      expect([ends.closedBy, answers.closedBy]).toEqual([
        { kind: "ended", code: "" },
        { kind: "ended", code: "" },
      ]);
    });

    it("tells a reset by the peer", async () => {
      const [client, server] = await pair();
      server.connection.reset();
      await client.until(() => client.closedBy !== null);
      await server.until(() => server.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "reset", code: "ECONNRESET" });
      expect(server.closedBy).toEqual({ kind: "local", code: "" });
      expect(client.events).not.toContain("end");
    });

    it("tells a refused connection, after connect() has returned", async () => {
      const listener = await listen(() => {});
      await listener.close();
      const client = connect(listener.address);
      expect(client.closedBy).toBeNull();
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "error", code: "ECONNREFUSED" });
      expect(client.events).toEqual(["close"]);
    });

    it("counts pauses", async () => {
      const [client, server] = await pair();
      server.connection.pauseReading();
      server.connection.pauseReading();
      client.send("while you were away");
      await barrier();
      server.connection.resumeReading();
      await barrier();
      expect(server.receivedBytes).toBe(0);
      server.connection.resumeReading();
      await server.until(() => server.receivedBytes > 0);
      expect(server.text).toBe("while you were away");
      expect(() => server.connection.resumeReading()).toThrow("without pauseReading");
    });

    it("keeps the rest of a read in the kernel or in hand when paused in the middle", async () => {
      serverSide = side(1_000);
      const [client, server] = await pair();
      let isInRead = false;
      server.whenRead = (bytes) => {
        expect(isInRead).toBe(false);
        isInRead = true;
        expect(bytes.length).toBeLessThanOrEqual(1_000);
        server.connection.pauseReading();
        server.connection.resumeReading();
        server.connection.pauseReading();
        isInRead = false;
        setImmediate(() => server.connection.resumeReading());
      };
      const content = randomBytes(50_000, 4);
      client.send(content, true);
      await server.until(() => server.events.includes("end"));
      expect(server.digest).toBe(createHash("sha256").update(content).digest("hex"));
      expect(server.reads.length).toBeGreaterThanOrEqual(50);
    });

    it("takes nothing more after close(), end() or closeAfterFlush()", async () => {
      const [client, server] = await pair();
      server.connection.end();
      expect(server.writeOnce("x")).toBe(WRITE_FAILED);
      client.connection.close();
      expect(client.writeOnce("x")).toBe(WRITE_FAILED);
      expect(client.connection.isOpen).toBe(false);
      client.connection.end();
      client.connection.close();
      client.connection.reset();
      client.connection.closeAfterFlush();
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "local", code: "" });
      expect(client.writeOnce("x")).toBe(WRITE_FAILED);
    });

    it("calls nobody back from inside a verb, and after close() only onClose", async () => {
      const [client, server] = await pair();
      server.send("bytes that nobody will read");
      await barrier();
      const before = client.events.length;
      client.connection.close();
      expect(client.events.length).toBe(before);
      const read = client.receivedBytes;
      await client.until(() => client.closedBy !== null);
      expect(client.events.slice(before)).toEqual(["close"]);
      expect(client.receivedBytes).toBe(read);
    });

    it("gives all slabs back before onClose when closed with output pending", async () => {
      const [client, server] = await pair({}, 10 * SLAB_BYTES);
      server.connection.pauseReading();
      fillUp(client);
      expect(clientSide.slabs.inUse).toBeGreaterThan(0);
      let inUseAtClose = -1;
      const { onClose } = client;
      client.onClose = (reason) => {
        inUseAtClose = clientSide.slabs.inUse;
        onClose.call(client, reason);
      };
      client.connection.close();
      await client.until(() => client.closedBy !== null);
      expect(inUseAtClose).toBe(0);
      expect(client.events.filter((event) => event === "drain")).toEqual([]);
    });

    it("delivers everything before closeAfterFlush() closes", async () => {
      const [client, server] = await pair({}, 10 * SLAB_BYTES);
      server.connection.pauseReading();
      const sentBytes = fillUp(client);
      client.connection.closeAfterFlush();
      expect(client.writeOnce("x")).toBe(WRITE_FAILED);
      server.connection.resumeReading();
      await client.until(() => client.closedBy !== null);
      await server.until(() => server.events.includes("end"));
      expect(client.closedBy).toEqual({ kind: "local", code: "" });
      expect(server.receivedBytes).toBe(sentBytes);
    });

    it("ends after pending output", async () => {
      const [client, server] = await pair({}, 10 * SLAB_BYTES);
      server.connection.pauseReading();
      const sentBytes = fillUp(client);
      client.connection.end();
      server.whenEnded = () => server.connection.end();
      server.connection.resumeReading();
      await client.until(() => client.closedBy !== null);
      expect(server.receivedBytes).toBe(sentBytes);
      expect(client.closedBy?.kind).toBe("ended");
    });

    it("copies small writes behind pending output instead of pinning a slab for each", async () => {
      const [client, server] = await pair({}, 10 * SLAB_BYTES);
      server.connection.pauseReading();
      const filledBytes = fillUp(client);
      const { inUse } = clientSide.slabs;
      const pendingBytes = client.connection.pendingBytes;
      for (let count = 0; count < 2 * SLABS; count++) expect(client.writeOnce("tiny")).toBe(WRITE_DONE);
      expect(client.writeOnce(new Uint8Array(COPY_BEHIND_PENDING_MAX + 1))).toBe(WRITE_PINNED);
      expect(clientSide.slabs.inUse).toBe(inUse + 1);
      const extraBytes = 2 * SLABS * 4 + COPY_BEHIND_PENDING_MAX + 1;
      expect(client.connection.pendingBytes).toBe(pendingBytes + extraBytes);
      server.connection.resumeReading();
      await server.until(() => server.receivedBytes === filledBytes + extraBytes);
    });

    it("drains once, at half of the high watermark", async () => {
      const [client, server] = await pair({}, 2 * SLAB_BYTES);
      server.connection.pauseReading();
      const sentBytes = fillUp(client);
      expect(client.connection.aboveHighWatermark).toBe(true);
      let pendingAtDrain = -1;
      const { onDrain } = client;
      client.onDrain = () => {
        pendingAtDrain = client.connection.pendingBytes;
        onDrain.call(client);
      };
      server.connection.resumeReading();
      await server.until(() => server.receivedBytes === sentBytes);
      expect(pendingAtDrain).toBeLessThanOrEqual(SLAB_BYTES);
      expect(client.connection.aboveHighWatermark).toBe(false);
      expect(client.events.filter((event) => event === "drain").length).toBe(1);
    });

    it("keeps what is written before the connection is established, small or large, and the end after it", async () => {
      let accepted: Endpoint | null = null;
      const listener = await listen((endpoint) => {
        accepted = endpoint;
      });
      const client = connect(listener.address);
      const large = randomBytes(40_000, 5);
      expect(client.writeOnce("early ")).toBe(WRITE_DONE);
      expect(client.writeOnce(large)).toBe(WRITE_PINNED);
      expect(client.connection.pendingBytes).toBe(40_006);
      client.connection.end();
      await client.until(() => client.events.includes("connect"));
      const server = accepted as unknown as Endpoint;
      await server.until(() => server.events.includes("end"));
      expect(server.digest).toBe(createHash("sha256").update("early ").update(large).digest("hex"));
    });

    it("gives slabs back when the connection with early output is refused", async () => {
      const listener = await listen(() => {});
      await listener.close();
      const client = connect(listener.address);
      expect(client.writeOnce(new Uint8Array(40_000))).toBe(WRITE_PINNED);
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy?.code).toBe("ECONNREFUSED");
      expect(clientSide.slabs.inUse).toBe(0);
    });

    it("can be closed while it connects", async () => {
      const listener = await listen(() => {});
      const client = connect(listener.address);
      client.connection.close();
      await client.until(() => client.closedBy !== null);
      expect(client.events).toEqual(["close"]);
      expect(client.closedBy?.kind).toBe("local");
    });

    it("moves a connection to another owner", async () => {
      const [client, server] = await pair();
      const heir = endpointOn(serverSide);
      heir.socket = server.connection;
      server.whenRead = () => {
        server.connection.owner = heir;
      };
      client.send("first");
      await server.until(() => server.receivedBytes === 5);
      client.send("second");
      await heir.until(() => heir.text === "second");
      client.connection.close();
      await heir.until(() => heir.events.includes("end"));
      heir.connection.close();
      await heir.until(() => heir.closedBy !== null);
      expect(server.events).toEqual([]);
      endpoints.splice(endpoints.indexOf(server), 1);
    });

    it("closes a connection that nobody took at accept", async () => {
      const { listener } = await serverSide.net.listen({
        address: LOOPBACK,
        backlog: 16,
        reusePort: false,
        ipv6Only: true,
        highBytes: 0,
        onAccept() {},
        onAcceptTrouble() {},
      });
      if (listener === null) throw new Error("not listening");
      listeners.push(listener);
      const client = connect(listener.address);
      await client.until(() => client.events.includes("end") || client.closedBy !== null);
    });

    it("reports what an owner throws, closes that socket and no other", async () => {
      const [client, server] = await pair();
      const [otherClient, otherServer] = await pair();
      const fault = new Error("an owner's mistake");
      server.whenRead = () => {
        throw fault;
      };
      client.send("trigger");
      await server.until(() => server.closedBy !== null);
      await client.until(() => client.closedBy !== null);
      expect(serverSide.faults.splice(0)).toEqual([fault]);
      otherClient.send("still here");
      await otherServer.until(() => otherServer.text === "still here");
    });

    it("serves many connections at once", async () => {
      const listener = await listen((endpoint) => {
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      const clients = Array.from({ length: 200 }, (_, index) => {
        const client = connect(listener.address);
        client.whenConnected = () => client.send(`client ${index}`);
        return client;
      });
      await Promise.all(clients.map((client, index) => client.until(() => client.text === `client ${index}`)));
      for (const client of clients) client.connection.end();
      await Promise.all(clients.map((client) => client.until(() => client.receivedBytes > 0)));
    });

    it("survives any order of verbs on many connections", async () => {
      const random = randomNumbers(7);
      const pick = (count: number): number => Math.floor(random() * count);
      const block = randomBytes(SLAB_BYTES, 8);
      const act = (endpoint: Endpoint): void => {
        const { connection } = endpoint;
        const verb = pick(16);
        if (verb < 6) {
          if (endpoint.room.slabs.inUse < SLABS) endpoint.writeOnce(block.subarray(0, 1 + pick(SLAB_BYTES)));
        } else if (verb < 9) {
          connection.pauseReading();
          setImmediate(() => connection.resumeReading());
        } else if (verb === 9) connection.end();
        else if (verb === 10) connection.closeAfterFlush();
        else if (verb === 11) connection.reset();
        else if (verb === 12) connection.close();
      };
      const enliven = (endpoint: Endpoint): void => {
        endpoint.whenConnected = () => act(endpoint);
        endpoint.whenRead = () => act(endpoint);
        endpoint.whenEnded = () => endpoint.connection.end();
      };
      const listener = await listen((endpoint) => {
        enliven(endpoint);
        act(endpoint);
      });
      const clients = Array.from({ length: 150 }, () => {
        const client = connect(listener.address);
        enliven(client);
        if (pick(4) === 0) act(client);
        return client;
      });
      // Those that fell silent are ended; each then hears its close, and afterEach counts slabs and faults.
      await barrier();
      for (const client of clients) client.connection.closeAfterFlush();
      for (let turn = 0; turn < 20; turn++) await barrier();
      for (const endpoint of endpoints) endpoint.socket?.close();
      await Promise.all(endpoints.map((endpoint) => endpoint.until(() => endpoint.closedBy !== null)));
    });

    it("names the address that is in use", async () => {
      const { address } = await listen(() => {});
      const { listener, error } = await clientSide.net.listen({
        address,
        backlog: 16,
        reusePort: false,
        ipv6Only: true,
        highBytes: 0,
        onAccept() {},
        onAcceptTrouble() {},
      });
      expect(listener).toBeNull();
      expect(error?.code).toBe("EADDRINUSE");
      expect(error?.message).toContain(address.text);
    });

    it("stops accepting and leaves connections alone", async () => {
      let accepted: Endpoint | null = null;
      const listener = await listen((endpoint) => {
        accepted = endpoint;
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      const client = connect(listener.address);
      await client.until(() => client.connection.isOpen);
      client.send("one");
      await client.until(() => client.text === "one");
      await Promise.all([listener.close(), listener.close()]);
      const late = connect(listener.address);
      await late.until(() => late.closedBy !== null);
      expect(late.closedBy?.code).toBe("ECONNREFUSED");
      client.send("two");
      await client.until(() => client.text === "onetwo");
      expect(accepted).not.toBeNull();
      // The address is free again.
      await listen(() => {}, { address: listener.address });
    });

    it("shares one port among listeners with reusePort", async () => {
      const first = await listen((endpoint) => endpoint.send("A"), { reusePort: true });
      await listen((endpoint) => endpoint.send("B"), { reusePort: true, address: first.address }, clientSide);
      const clients = Array.from({ length: 60 }, () => connect(first.address));
      await Promise.all(clients.map((client) => client.until(() => client.receivedBytes === 1)));
      // The kernel spreads by a hash of the ports: all 60 on one side has a chance of 2^-59.
      expect(new Set(clients.map((client) => client.text))).toEqual(new Set(["A", "B"]));
    });

    it("connects from the source address asked for", async () => {
      const listener = await listen((endpoint) => endpoint.send(endpoint.connection.remote.text));
      const client = connect(listener.address, 0, clientSide, new IpAddress(4, "127.0.0.2", 0));
      await client.until(() => client.receivedBytes > 0);
      expect(client.text).toMatch(/^127\.0\.0\.2:/);
      expect(client.text).toBe(client.connection.local.text);
    });

    it("speaks over an abstract unix socket", async () => {
      const address = new PipeAddress(`@nuncio-suite-${process.pid}-${subject.name}`);
      const listener = await listen(
        (endpoint) => {
          endpoint.whenRead = (bytes) => endpoint.send(bytes, true);
        },
        { address },
      );
      expect(listener.address.text).toBe(address.path);
      const client = connect(address);
      client.send("through the abstract namespace", true);
      await client.until(() => client.closedBy !== null);
      expect(client.text).toBe("through the abstract namespace");
      expect(client.closedBy?.kind).toBe("ended");
    });

    it("speaks over a unix socket, and resets it without harm", async () => {
      const address = new PipeAddress(join(folder, "echo.sock"));
      await listen(
        (endpoint) => {
          endpoint.whenRead = (bytes) => endpoint.send(bytes);
        },
        { address },
      );
      const client = connect(address);
      client.send("by path");
      await client.until(() => client.text === "by path");
      expect(client.connection.remote.text).toBe(address.path);
      client.connection.reset();
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy?.kind).toBe("local");
    });

    it("tells that nobody listens on a unix path", async () => {
      const client = connect(new PipeAddress(join(folder, "nobody.sock")));
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "error", code: "ENOENT" });
    });

    it("speaks IPv6", async (context) => {
      if (subject.hasFiles && !hasIpv6Loopback()) {
        console.log(`sockets: ${subject.name}: no ::1 on this machine, IPv6 is not tested`);
        context.skip();
      }
      const listener = await listen(
        (endpoint) => {
          endpoint.whenRead = (bytes) => endpoint.send(bytes);
        },
        { address: new IpAddress(6, "::1", 0) },
      );
      expect(listener.address.text).toMatch(/^\[::1\]:\d+$/);
      const client = connect(listener.address);
      client.send("six");
      await client.until(() => client.text === "six");
      expect(client.connection.local.kind === "ip" && client.connection.local.version).toBe(6);
    });

    describe.runIf(subject.hasFiles)("as files", () => {
      it("takes the path of a socket left behind, gives it the mode asked for, and removes it", async () => {
        const path = join(folder, "left.sock");
        const first = await listen(() => {}, { address: new PipeAddress(path) });
        const second = await listen(() => {}, { address: new PipeAddress(path, 0o600) });
        expect(statSync(path).mode & 0o777).toBe(0o600);
        await second.close();
        await first.close();
        expect(existsSync(path)).toBe(false);
      });

      it("never removes a file that is no socket", async () => {
        const path = join(folder, "precious");
        writeFileSync(path, "data");
        await expect(listen(() => {}, { address: new PipeAddress(path) })).rejects.toThrow(/no socket is in the way/);
        expect(existsSync(path)).toBe(true);
      });

      it("refuses a path that does not fit", async () => {
        const address = new PipeAddress(join(folder, "x".repeat(120)));
        await expect(listen(() => {}, { address })).rejects.toThrow("ENAMETOOLONG");
      });

      it("refuses an address that is not ours", async () => {
        const address = new IpAddress(4, "192.0.2.1", 0);
        await expect(listen(() => {}, { address })).rejects.toThrow(/192\.0\.2\.1:0.*EADDRNOTAVAIL/);
      });
    });
  });
}

/** Writes whole slabs to a peer that does not read, until the socket is above its high watermark. */
function fillUp(client: Endpoint): number {
  let sentBytes = 0;
  const block = new Uint8Array(SLAB_BYTES).fill(7);
  while (!client.connection.aboveHighWatermark) {
    client.writeOnce(block);
    sentBytes += block.length;
  }
  return sentBytes;
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => entry.address === "::1"));
}
