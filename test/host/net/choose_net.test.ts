import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseNet, reusePortGap } from "../../../host/net/choose_net.ts";
import { loadHandles } from "../../../host/net/raw/handles.ts";
import type { NetOptions } from "../../../host/net/socket.ts";

const options: NetOptions = { readBuffer: { bytes: new Uint8Array(64), address: 0 }, onWake() {}, onFault() {} };
const host = process as unknown as { binding: (name: string) => Record<string, unknown> };
const binding = host.binding.bind(process);

afterEach(() => {
  vi.restoreAllMocks();
});

/** This Node, with one private module replaced. */
function withBinding(name: string, replacement: Record<string, unknown>): void {
  vi.spyOn(host, "binding").mockImplementation((asked) => (asked === name ? replacement : binding(asked)));
}

describe("choice of sockets", () => {
  it("takes raw handles where they are, and portable ones when asked", () => {
    expect(chooseNet("auto", options)).toMatchObject({ net: { kind: "raw" }, fallbackReason: "" });
    expect(chooseNet("raw", options).net.kind).toBe("raw");
    expect(chooseNet("portable", options)).toMatchObject({ net: { kind: "portable" }, fallbackReason: "" });
  });

  it.each([
    ["tcp_wrap", {}, "TCP is not there"],
    ["tcp_wrap", { ...binding("tcp_wrap"), constants: {} }, "tcp_wrap.constants has no number SOCKET"],
    ["pipe_wrap", { Pipe: class {}, constants: {} }, "Pipe has no readStart()"],
    ["stream_wrap", { ...binding("stream_wrap"), streamBaseState: undefined }, "streamBaseState is not an Int32Array"],
  ])("falls back, with the reason, when %s is not what we know", (name, replacement, reason) => {
    withBinding(name, replacement);
    expect(loadHandles()).toContain(reason);
    const { net, fallbackReason } = chooseNet("auto", options);
    expect(net.kind).toBe("portable");
    expect(fallbackReason).toContain(reason);
    expect(() => chooseNet("raw", options)).toThrow(reason);
  });

  it.each([
    ["20.20.2", false],
    ["22.11.0", false],
    ["22.12.0", true],
    ["23.0.9", false],
    ["23.1.0", true],
    ["24.0.0", true],
    ["26.1.0", true],
  ])("knows whether portable sockets of Node %s can share a port: %s", (version, can) => {
    expect(reusePortGap("portable", version) === "").toBe(can);
    // With handles it is theirs to say.
    expect(reusePortGap("auto", version)).toBe("");
    withBinding("tcp_wrap", { ...binding("tcp_wrap"), constants: { SOCKET: 0, SERVER: 1, UV_TCP_IPV6ONLY: 1 } });
    expect(reusePortGap("auto", version) === "").toBe(can);
    if (!can) expect(reusePortGap("auto", version)).toMatch(/Node 2.* `reusePort`.* no number UV_TCP_REUSEPORT/);
  });

  it("falls back when there is no private interface at all", () => {
    vi.spyOn(host, "binding").mockImplementation(() => {
      throw new Error("No such module: stream_wrap");
    });
    expect(chooseNet("auto", options).fallbackReason).toBe("No such module: stream_wrap");
  });
});
