/** What the fake network gives a test beyond the sockets' contract. */

import { describe, expect, it } from "vitest";
import { type Address, IpAddress } from "../../../host/net/address.ts";
import { SlabPool } from "../../../host/net/slab_pool.ts";
import type { NetOptions, Socket } from "../../../host/net/socket.ts";
import { Endpoint } from "../../support/endpoint.ts";
import { FakeNetwork, type FakeNetworkOptions, manualSchedule } from "../../support/fake_net.ts";

const ADDRESS = new IpAddress(4, "10.0.0.1", 80);

function laboratory(changes: Partial<FakeNetworkOptions> = {}) {
  const clock = manualSchedule();
  const network = new FakeNetwork({ schedule: clock.schedule, ...changes });
  const memory = new ArrayBuffer(65_536);
  const faults: unknown[] = [];
  const options: NetOptions = {
    readBuffer: { bytes: new Uint8Array(memory, 0, 1_024), address: 0 },
    onWake() {},
    onFault: (error) => faults.push(error),
  };
  const room = { options, faults, slabs: new SlabPool(memory, 1_024, 4_096, 8) };
  const net = network.net(options);
  const accepted: Endpoint[] = [];
  const adopt = (socket: Socket): Endpoint => {
    const endpoint = new Endpoint(room);
    endpoint.socket = socket;
    socket.owner = endpoint;
    return endpoint;
  };
  const listening = net.listen({
    address: ADDRESS,
    backlog: 1,
    reusePort: false,
    ipv6Only: true,
    highBytes: 0,
    onAccept: (socket) => accepted.push(adopt(socket)),
    onAcceptTrouble() {},
  });
  const connect = (address: Address = ADDRESS): Endpoint => {
    const endpoint = new Endpoint(room);
    endpoint.socket = net.connect(address, { highBytes: 0 }, endpoint);
    return endpoint;
  };
  return { clock, network, accepted, connect, listening, room };
}

describe("fake network", () => {
  it("lets nothing happen until the test says so", async () => {
    const { clock, accepted, connect, listening } = laboratory();
    await listening;
    const client = connect();
    expect(client.events).toEqual([]);
    clock.run();
    expect(client.events).toEqual(["connect"]);
    client.send("hello");
    expect(accepted[0]?.text).toBe("");
    clock.run();
    expect(accepted[0]?.text).toBe("hello");
  });

  it("reads in pieces of the size asked for", async () => {
    const { clock, accepted, connect, listening } = laboratory({ nextReadBytes: () => 1 });
    await listening;
    const client = connect();
    clock.run();
    client.send("hello");
    clock.run();
    expect(accepted[0]?.reads).toEqual([1, 1, 1, 1, 1]);
  });

  it("holds no more than its kernel between writer and reader", async () => {
    const { clock, network, accepted, connect, listening, room } = laboratory({ kernelBytes: 100 });
    await listening;
    const client = connect();
    clock.run();
    accepted[0]?.connection.pauseReading();
    client.writeOnce(new Uint8Array(1_000));
    clock.run();
    expect(client.connection.pendingBytes).toBe(900);
    expect(room.slabs.inUse).toBe(1);
    expect([...network.sockets].map((socket) => socket.unreadBytes)).toContain(100);
    accepted[0]?.connection.resumeReading();
    clock.run();
    expect(accepted[0]?.receivedBytes).toBe(1_000);
    expect(room.slabs.inUse).toBe(0);
  });

  it.each([
    ["refuse", "ECONNREFUSED"],
    ["unreachable", "ENETUNREACH"],
  ] as const)("can %s a connection", async (verdict, code) => {
    const { clock, network, connect, listening } = laboratory();
    await listening;
    network.route = () => verdict;
    const client = connect();
    clock.run();
    expect(client.closedBy).toEqual({ kind: "error", code });
  });

  it("can swallow a connection, until its owner gives up", async () => {
    const { clock, network, connect, listening } = laboratory();
    await listening;
    network.route = () => "blackhole";
    const client = connect();
    clock.run();
    expect(client.events).toEqual([]);
    client.connection.close();
    clock.run();
    expect(client.events).toEqual(["close"]);
    expect(network.sockets.size).toBe(0);
  });

  it("tells a network that never comes to rest", async () => {
    const { clock, connect, listening, accepted } = laboratory();
    await listening;
    const client = connect();
    clock.run();
    const server = accepted[0] as Endpoint;
    for (const end of [client, server]) end.whenRead = (bytes) => end.send(bytes);
    client.send("back and forth for ever");
    expect(() => clock.run(undefined, 10_000)).toThrow("still busy after 10000 tasks");
  });
});
