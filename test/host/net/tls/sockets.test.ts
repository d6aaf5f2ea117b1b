// TLS stands behind the contract of sockets: the suite runs on it, over either net.
import { PortableNet } from "../../../../host/net/portable/portable_net.ts";
import { loadHandles } from "../../../../host/net/raw/handles.ts";
import { RawNet } from "../../../../host/net/raw/raw_net.ts";
import type { RawSocket } from "../../../../host/net/raw/raw_socket.ts";
import { socketSuite } from "../../../suites/sockets.ts";
import { TlsNet } from "../../../support/tls_net.ts";

const handles = loadHandles<RawSocket>();
if (typeof handles === "string") throw new Error(`the pinned Node has no raw handles: ${handles}`);

socketSuite({ name: "TLS on raw", hasFiles: true, maker: () => (options) => new TlsNet(new RawNet(handles, options)) });
socketSuite({
  name: "TLS on portable",
  hasFiles: true,
  maker: () => (options) => new TlsNet(new PortableNet(options)),
});
