import { readFileSync, writeFileSync } from "node:fs";
import { findProgram } from "../machine/find.ts";
import type { Peer } from "./peer.ts";

export const haproxy: Peer = {
  name: "haproxy",
  http: true,
  tcp: true,
  find: () => findProgram("haproxy"),
  prepare(program, { folder, upstreams, httpPort, tcpPort, h2cPort, tlsPort, certificate, key }) {
    writeFileSync(`${folder}/haproxy.pem`, readFileSync(certificate, "latin1") + readFileSync(key, "latin1"), {
      mode: 0o600,
    });
    const file = `${folder}/haproxy.cfg`;
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  option http-keep-alive
frontend http_in
  bind 127.0.0.1:${httpPort} backlog 4096
  bind 127.0.0.1:${h2cPort} proto h2
  bind 127.0.0.1:${tlsPort} ssl crt ${folder}/haproxy.pem alpn h2,http/1.1 ssl-min-ver TLSv1.3
  option forwardfor
  http-request set-header X-Request-Id %[uuid()]
  use_backend service if { path_beg / }
backend service
  balance roundrobin
${upstreams.map((port, i) => `  server host${i} 127.0.0.1:${port}`).join("\n")}
listen tcp_in
  mode tcp
  bind 127.0.0.1:${tcpPort} backlog 4096
  server host0 127.0.0.1:${upstreams[0]}
`,
    );
    return { command: program, arguments: ["-f", file, "-db"] };
  },
};
