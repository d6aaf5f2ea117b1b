/** What every implementation of `host/net/socket.ts` does: one suite in three parts, run on each. */

import { afterEach, beforeEach, describe } from "vitest";
import { SocketBench, type SocketSubject } from "../support/socket_bench.ts";
import { flowSuite } from "./sockets_flow.ts";
import { lifeSuite } from "./sockets_life.ts";
import { listenSuite } from "./sockets_listen.ts";

export function socketSuite(subject: SocketSubject): void {
  describe(`sockets: ${subject.name}`, () => {
    const bench = new SocketBench(subject);
    beforeEach(() => bench.setUp());
    afterEach(() => bench.tearDown());
    lifeSuite(bench);
    flowSuite(bench);
    listenSuite(bench);
  });
}
