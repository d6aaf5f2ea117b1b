import { describe, expect, it } from "vitest";
import { ConfigArena } from "../../../host/wasm/config_arena.ts";
import { Core } from "../../../host/wasm/core.ts";
import { openForwardPeer, setDate, storeForwardParams, storeNameList } from "../../../host/wasm/forward.ts";
import { DATE_BYTES, DATE_TEXT, FORWARD_PEERS_MAX } from "../../../host/wasm/layout.gen.ts";
import { PLAIN } from "../../support/forward_rules.ts";

const core = new Core();

describe("what the forwarding rules are told", () => {
  it("lies in one run of the arena, which is given back whole", () => {
    const arena = new ConfigArena(core);
    const at = storeForwardParams(arena, {
      ...PLAIN,
      via: "via",
      internalRanges: [
        { address: "10.0.0.0", prefixBits: 8 },
        { address: "::1", prefixBits: 128 },
      ],
    });
    arena.release(at);
    expect(arena.used).toBe(0);
  });

  it.each([
    { address: "10.0.0", prefixBits: 8 },
    { address: "10.0.0.0", prefixBits: 33 },
    { address: "::", prefixBits: 129 },
    { address: "", prefixBits: 0 },
  ])("refuses the range %o", (range) => {
    expect(() => storeForwardParams(new ConfigArena(core), { ...PLAIN, internalRanges: [range] })).toThrow(RangeError);
  });

  it("a list without names costs nothing", () => {
    const arena = new ConfigArena(core);
    expect(storeNameList(arena, [])).toBe(0);
    expect(arena.used).toBe(0);
  });

  it("answers 0 when there are as many peers as there can be", () => {
    const peers: number[] = [];
    for (let i = 0; i < FORWARD_PEERS_MAX; i++) peers.push(openForwardPeer(core, "10.0.0.1", 80, false));
    expect(peers.includes(0)).toBe(false);
    expect(openForwardPeer(core, "10.0.0.1", 80, false)).toBe(0);
    for (const peer of peers) core.exports.forwardPeerClose(peer);
    expect(openForwardPeer(core, "10.0.0.1", 80, false)).not.toBe(0);
  });

  it("the date is the wall clock's, to the second", () => {
    setDate(core, Date.UTC(1994, 10, 6, 8, 49, 37, 999));
    expect(core.bytes.toString("latin1", DATE_TEXT, DATE_TEXT + DATE_BYTES)).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
  });
});
