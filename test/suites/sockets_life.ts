/** The life of a connection: established, ended by either side, closed, reset, handed on. */

import { describe, expect, it } from "vitest";
import { WRITE_FAILED } from "../../host/net/socket.ts";
import type { Endpoint } from "../support/endpoint.ts";
import { randomBytes, randomNumbers } from "../support/random.ts";
import { LOOPBACK, SLAB_BYTES, SLABS, type SocketBench } from "../support/socket_bench.ts";

export function lifeSuite(bench: SocketBench): void {
  describe("life", () => {
    it("echoes, and knows both addresses on both sides", async () => {
      let accepted: Endpoint | null = null;
      const listener = await bench.listen((endpoint) => {
        accepted = endpoint;
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      expect(listener.address.text).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
      const client = bench.connect(listener.address);
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

    it.each(["client", "server"])("goes on writing after the FIN of the peer (%s ends first)", async (first) => {
      const [client, server] = await bench.pair();
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
      const [client, server] = await bench.pair();
      server.connection.reset();
      await client.until(() => client.closedBy !== null);
      await server.until(() => server.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "reset", code: "ECONNRESET" });
      expect(server.closedBy).toEqual({ kind: "local", code: "" });
      expect(client.events).not.toContain("end");
    });

    it("tells a refused connection, after bench.connect() has returned", async () => {
      const listener = await bench.listen(() => {});
      await listener.close();
      const client = bench.connect(listener.address);
      expect(client.closedBy).toBeNull();
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "error", code: "ECONNREFUSED" });
      expect(client.events).toEqual(["close"]);
    });

    it("takes nothing more after close(), end() or closeAfterFlush()", async () => {
      const [client, server] = await bench.pair();
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
      const [client, server] = await bench.pair();
      server.send("bytes that nobody will read");
      await bench.barrier();
      const before = client.events.length;
      client.connection.close();
      expect(client.events.length).toBe(before);
      const read = client.receivedBytes;
      await client.until(() => client.closedBy !== null);
      expect(client.events.slice(before)).toEqual(["close"]);
      expect(client.receivedBytes).toBe(read);
    });

    it("can be closed while it connects", async () => {
      const listener = await bench.listen(() => {});
      const client = bench.connect(listener.address);
      client.connection.close();
      await client.until(() => client.closedBy !== null);
      expect(client.events).toEqual(["close"]);
      expect(client.closedBy?.kind).toBe("local");
    });

    it("moves a connection to another owner", async () => {
      const [client, server] = await bench.pair();
      const heir = bench.endpointOn(bench.serverSide);
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
      bench.endpoints.splice(bench.endpoints.indexOf(server), 1);
    });

    it("closes a connection that nobody took at accept", async () => {
      const { listener } = await bench.serverSide.net.listen({
        address: LOOPBACK,
        backlog: 16,
        reusePort: false,
        ipv6Only: true,
        highBytes: 0,
        onAccept() {},
        onAcceptTrouble() {},
      });
      if (listener === null) throw new Error("not listening");
      bench.listeners.push(listener);
      const client = bench.connect(listener.address);
      await client.until(() => client.events.includes("end") || client.closedBy !== null);
    });

    it("reports what an owner throws, closes that socket and no other", async () => {
      const [client, server] = await bench.pair();
      const [otherClient, otherServer] = await bench.pair();
      const fault = new Error("an owner's mistake");
      server.whenRead = () => {
        throw fault;
      };
      client.send("trigger");
      await server.until(() => server.closedBy !== null);
      await client.until(() => client.closedBy !== null);
      expect(bench.serverSide.faults.splice(0)).toEqual([fault]);
      otherClient.send("still here");
      await otherServer.until(() => otherServer.text === "still here");
    });

    it("serves many connections at once", async () => {
      const listener = await bench.listen((endpoint) => {
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      const clients = Array.from({ length: 200 }, (_, index) => {
        const client = bench.connect(listener.address);
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
      const listener = await bench.listen((endpoint) => {
        enliven(endpoint);
        act(endpoint);
      });
      const clients = Array.from({ length: 150 }, () => {
        const client = bench.connect(listener.address);
        enliven(client);
        if (pick(4) === 0) act(client);
        return client;
      });
      // Those that fell silent are ended; each then hears its close, and afterEach counts slabs and faults.
      await bench.barrier();
      for (const client of clients) client.connection.closeAfterFlush();
      for (let turn = 0; turn < 20; turn++) await bench.barrier();
      for (const endpoint of bench.endpoints) endpoint.socket?.close();
      await Promise.all(bench.endpoints.map((endpoint) => endpoint.until(() => endpoint.closedBy !== null)));
    });
  });
}
