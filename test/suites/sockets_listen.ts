/** Listening, and the kinds of address: IPv4, IPv6, unix sockets by path and by abstract name. */

import { existsSync, statSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { IpAddress, PipeAddress } from "../../host/net/address.ts";
import type { Endpoint } from "../support/endpoint.ts";
import type { SocketBench } from "../support/socket_bench.ts";

export function listenSuite(bench: SocketBench): void {
  describe("listening", () => {
    it("names the address that is in use", async () => {
      const { address } = await bench.listen(() => {});
      const { listener, error } = await bench.clientSide.net.listen({
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
      const listener = await bench.listen((endpoint) => {
        accepted = endpoint;
        endpoint.whenRead = (bytes) => endpoint.send(bytes);
      });
      const client = bench.connect(listener.address);
      await client.until(() => client.connection.isOpen);
      client.send("one");
      await client.until(() => client.text === "one");
      await Promise.all([listener.close(), listener.close()]);
      const late = bench.connect(listener.address);
      await late.until(() => late.closedBy !== null);
      expect(late.closedBy?.code).toBe("ECONNREFUSED");
      client.send("two");
      await client.until(() => client.text === "onetwo");
      expect(accepted).not.toBeNull();
      // The address is free again.
      await bench.listen(() => {}, { address: listener.address });
    });

    it("shares one port among bench.listeners with reusePort", async () => {
      const first = await bench.listen((endpoint) => endpoint.send("A"), { reusePort: true });
      await bench.listen(
        (endpoint) => endpoint.send("B"),
        { reusePort: true, address: first.address },
        bench.clientSide,
      );
      const clients = Array.from({ length: 60 }, () => bench.connect(first.address));
      await Promise.all(clients.map((client) => client.until(() => client.receivedBytes === 1)));
      // The kernel spreads by a hash of the ports: all 60 on one side has a chance of 2^-59.
      expect(new Set(clients.map((client) => client.text))).toEqual(new Set(["A", "B"]));
    });

    it("connects from the source address asked for", async () => {
      const listener = await bench.listen((endpoint) => endpoint.send(endpoint.connection.remote.text));
      const client = bench.connect(listener.address, 0, bench.clientSide, new IpAddress(4, "127.0.0.2", 0));
      await client.until(() => client.receivedBytes > 0);
      expect(client.text).toMatch(/^127\.0\.0\.2:/);
      expect(client.text).toBe(client.connection.local.text);
    });

    it("speaks over an abstract unix socket", async () => {
      const address = new PipeAddress(`@nuncio-suite-${process.pid}-${bench.subject.name}`);
      const listener = await bench.listen(
        (endpoint) => {
          endpoint.whenRead = (bytes) => endpoint.send(bytes, true);
        },
        { address },
      );
      expect(listener.address.text).toBe(address.path);
      const client = bench.connect(address);
      client.send("through the abstract namespace", true);
      await client.until(() => client.closedBy !== null);
      expect(client.text).toBe("through the abstract namespace");
      expect(client.closedBy?.kind).toBe("ended");
    });

    it("speaks over a unix socket, and resets it without harm", async () => {
      const address = new PipeAddress(join(bench.folder, "echo.sock"));
      await bench.listen(
        (endpoint) => {
          endpoint.whenRead = (bytes) => endpoint.send(bytes);
        },
        { address },
      );
      const client = bench.connect(address);
      client.send("by path");
      await client.until(() => client.text === "by path");
      expect(client.connection.remote.text).toBe(address.path);
      client.connection.reset();
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy?.kind).toBe("local");
    });

    it("tells that nobody listens on a unix path", async () => {
      const client = bench.connect(new PipeAddress(join(bench.folder, "nobody.sock")));
      await client.until(() => client.closedBy !== null);
      expect(client.closedBy).toEqual({ kind: "error", code: "ENOENT" });
    });

    it("speaks IPv6", async (context) => {
      if (bench.subject.hasFiles && !hasIpv6Loopback()) {
        console.log(`sockets: ${bench.subject.name}: no ::1 on this machine, IPv6 is not tested`);
        context.skip();
      }
      const listener = await bench.listen(
        (endpoint) => {
          endpoint.whenRead = (bytes) => endpoint.send(bytes);
        },
        { address: new IpAddress(6, "::1", 0) },
      );
      expect(listener.address.text).toMatch(/^\[::1\]:\d+$/);
      const client = bench.connect(listener.address);
      client.send("six");
      await client.until(() => client.text === "six");
      expect(client.connection.local.kind === "ip" && client.connection.local.version).toBe(6);
    });

    describe.runIf(bench.subject.hasFiles)("as files", () => {
      it("takes the path of a socket left behind, gives it the mode asked for, and removes it", async () => {
        const path = join(bench.folder, "left.sock");
        const first = await bench.listen(() => {}, { address: new PipeAddress(path) });
        const second = await bench.listen(() => {}, { address: new PipeAddress(path, 0o600) });
        expect(statSync(path).mode & 0o777).toBe(0o600);
        await second.close();
        await first.close();
        expect(existsSync(path)).toBe(false);
      });

      it("never removes a file that is no socket", async () => {
        const path = join(bench.folder, "precious");
        writeFileSync(path, "data");
        await expect(bench.listen(() => {}, { address: new PipeAddress(path) })).rejects.toThrow(
          /no socket is in the way/,
        );
        expect(existsSync(path)).toBe(true);
      });

      it("refuses a path that does not fit", async () => {
        const address = new PipeAddress(join(bench.folder, "x".repeat(120)));
        await expect(bench.listen(() => {}, { address })).rejects.toThrow("ENAMETOOLONG");
      });

      it("refuses an address that is not ours", async () => {
        const address = new IpAddress(4, "192.0.2.1", 0);
        await expect(bench.listen(() => {}, { address })).rejects.toThrow(/192\.0\.2\.1:0.*EADDRNOTAVAIL/);
      });
    });
  });
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((entries) => entries?.some((entry) => entry.address === "::1"));
}
