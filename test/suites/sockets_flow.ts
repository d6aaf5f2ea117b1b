/** Back-pressure: pauses, watermarks, pinned slabs, and output that is pending when the end comes. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { COPY_BEHIND_PENDING_MAX, WRITE_DONE, WRITE_FAILED, WRITE_PINNED } from "../../host/net/socket.ts";
import type { Endpoint } from "../support/endpoint.ts";
import { randomBytes } from "../support/random.ts";
import { SLAB_BYTES, SLABS, type SocketBench } from "../support/socket_bench.ts";

const MEBIBYTE = 1_048_576;

export function flowSuite(bench: SocketBench): void {
  describe("flow", () => {
    it("carries 16 MiB to a slow reader unharmed, with bounded pending output", async () => {
      const content = randomBytes(16 * MEBIBYTE, 1);
      const [client, server] = await bench.pair({}, 100_000);
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
      const [client, server] = await bench.pair();
      client.send(up, true);
      server.send(down, true);
      await Promise.all([client, server].map((endpoint) => endpoint.until(() => endpoint.closedBy !== null)));
      expect(server.digest).toBe(createHash("sha256").update(up).digest("hex"));
      expect(client.receivedBytes).toBe(down.length);
      expect([client.closedBy?.kind, server.closedBy?.kind]).toEqual(["ended", "ended"]);
    });

    it("counts pauses", async () => {
      const [client, server] = await bench.pair();
      server.connection.pauseReading();
      server.connection.pauseReading();
      client.send("while you were away");
      await bench.barrier();
      server.connection.resumeReading();
      await bench.barrier();
      expect(server.receivedBytes).toBe(0);
      server.connection.resumeReading();
      await server.until(() => server.receivedBytes > 0);
      expect(server.text).toBe("while you were away");
      expect(() => server.connection.resumeReading()).toThrow("without pauseReading");
    });

    it.runIf(bench.subject.hasFiles)("reads again what was given back, before anything else", async () => {
      bench.serverSide = bench.side(10);
      const [client, server] = await bench.pair();
      let seen = Buffer.alloc(0);
      server.whenRead = (bytes) => {
        seen = Buffer.concat([seen, bytes]);
        if (seen.length < 12) return;
        server.whenRead = () => {};
        server.connection.pauseReading();
        queueMicrotask(() => {
          server.connection.unread(seen);
          server.connection.resumeReading();
        });
      };
      client.send("twice");
      await server.until(() => server.receivedBytes === 5);
      client.send("-and-once");
      await server.until(() => server.receivedBytes >= 12);
      client.send(" end", true);
      await server.until(() => server.events.includes("end"));
      const all = server.text;
      expect(all.endsWith("twice-and-once end")).toBe(true);
      expect(all.length).toBe(seen.length + "twice-and-once end".length);
    });

    it("keeps the rest of a read in the kernel or in hand when paused in the middle", async () => {
      bench.serverSide = bench.side(1_000);
      const [client, server] = await bench.pair();
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

    it("gives all slabs back before onClose when closed with output pending", async () => {
      const [client, server] = await bench.pair({}, 10 * SLAB_BYTES);
      server.connection.pauseReading();
      fillUp(client);
      expect(bench.clientSide.slabs.inUse).toBeGreaterThan(0);
      let inUseAtClose = -1;
      const { onClose } = client;
      client.onClose = (reason) => {
        inUseAtClose = bench.clientSide.slabs.inUse;
        onClose.call(client, reason);
      };
      client.connection.close();
      await client.until(() => client.closedBy !== null);
      expect(inUseAtClose).toBe(0);
      expect(client.events.filter((event) => event === "drain")).toEqual([]);
    });

    it("delivers everything before closeAfterFlush() closes", async () => {
      const [client, server] = await bench.pair({}, 10 * SLAB_BYTES);
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
      const [client, server] = await bench.pair({}, 10 * SLAB_BYTES);
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
      const [client, server] = await bench.pair({}, 10 * SLAB_BYTES);
      server.connection.pauseReading();
      const filledBytes = fillUp(client);
      const { inUse } = bench.clientSide.slabs;
      const pendingBytes = client.connection.pendingBytes;
      for (let count = 0; count < 2 * SLABS; count++) expect(client.writeOnce("tiny")).toBe(WRITE_DONE);
      expect(client.writeOnce(new Uint8Array(COPY_BEHIND_PENDING_MAX + 1))).toBe(WRITE_PINNED);
      expect(bench.clientSide.slabs.inUse).toBe(inUse + 1);
      const extraBytes = 2 * SLABS * 4 + COPY_BEHIND_PENDING_MAX + 1;
      expect(client.connection.pendingBytes).toBe(pendingBytes + extraBytes);
      server.connection.resumeReading();
      await server.until(() => server.receivedBytes === filledBytes + extraBytes);
    });

    it("drains once, at half of the high watermark", async () => {
      const [client, server] = await bench.pair({}, 2 * SLAB_BYTES);
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
      const listener = await bench.listen((endpoint) => {
        accepted = endpoint;
      });
      const client = bench.connect(listener.address);
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
      const listener = await bench.listen(() => {});
      await listener.close();
      const client = bench.connect(listener.address);
      expect(client.writeOnce(new Uint8Array(40_000))).toBe(WRITE_PINNED);
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy?.code).toBe("ECONNREFUSED");
      expect(bench.clientSide.slabs.inUse).toBe(0);
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
