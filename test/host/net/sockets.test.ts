import { PortableNet } from "../../../host/net/portable/portable_net.ts";
import { loadHandles } from "../../../host/net/raw/handles.ts";
import { RawNet } from "../../../host/net/raw/raw_net.ts";
import type { RawSocket } from "../../../host/net/raw/raw_socket.ts";
import { socketSuite } from "../../suites/sockets.ts";
import { automaticSchedule, FakeNetwork } from "../../support/fake_net.ts";

const handles = loadHandles<RawSocket>();
if (typeof handles === "string") throw new Error(`the pinned Node has no raw handles: ${handles}`);

socketSuite({ name: "raw", hasFiles: true, maker: () => (options) => new RawNet(handles, options) });
socketSuite({ name: "portable", hasFiles: true, maker: () => (options) => new PortableNet(options) });
socketSuite({
  name: "fake",
  hasFiles: false,
  maker: () => {
    const network = new FakeNetwork({ schedule: automaticSchedule() });
    return (options) => network.net(options);
  },
});
