import { LoopPass } from "../../../host/net/loop_pass.ts";
import { PortableNet } from "../../../host/net/portable/portable_net.ts";
import { loadHandles } from "../../../host/net/raw/handles.ts";
import { RawNet } from "../../../host/net/raw/raw_net.ts";
import type { RawSocket } from "../../../host/net/raw/raw_socket.ts";
import { ReadStage } from "../../../host/net/read_stage.ts";
import { socketSuite } from "../../suites/sockets.ts";
import { automaticSchedule, FakeNetwork } from "../../support/fake_net.ts";
import { STAGE_BYTES } from "../../support/socket_bench.ts";

const handles = loadHandles<RawSocket>();
if (typeof handles === "string") throw new Error(`the pinned Node has no raw handles: ${handles}`);

socketSuite({ name: "raw", hasFiles: true, maker: () => (options) => new RawNet(handles, options) });
socketSuite({
  name: "raw, small reads staged",
  hasFiles: true,
  maker: () => (options) => {
    const memory = new Uint8Array(options.readBuffer.bytes.buffer);
    const start = memory.length - STAGE_BYTES;
    const stage = new ReadStage(
      { start, byteLength: STAGE_BYTES, copy: (to, from, length) => memory.copyWithin(to, from, from + length) },
      new LoopPass(setImmediate),
      options.onWake,
    );
    return new RawNet(handles, { ...options, stage });
  },
});
socketSuite({ name: "portable", hasFiles: true, maker: () => (options) => new PortableNet(options) });
socketSuite({
  name: "fake",
  hasFiles: false,
  maker: () => {
    const network = new FakeNetwork({ schedule: automaticSchedule() });
    return (options) => network.net(options);
  },
});
