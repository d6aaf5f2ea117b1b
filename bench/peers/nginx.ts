import { writeFileSync } from "node:fs";
import { findProgram } from "../machine/find.ts";
import type { Peer } from "./peer.ts";

/** One process without a master: nginx's own switch, so that its CPU is all in one place. */
export const nginx: Peer = {
  name: "nginx",
  http: true,
  tcp: false, // the stream module is a package of its own
  find: () => findProgram("nginx"),
  prepare(program, { folder, upstreams, httpPort, h2cPort, tlsPort, certificate, key }) {
    const file = `${folder}/nginx.conf`;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    writeFileSync(
      file,
      `daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx-error.log warn;
events {
  worker_connections 20000;
}
http {
  access_log off;
${temporary.map((kind) => `  ${kind}_temp_path ${folder}/nginx-${kind};`).join("\n")}
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  upstream service {
${upstreams.map((port) => `    server 127.0.0.1:${port};`).join("\n")}
    keepalive 256;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${httpPort} backlog=4096;
    listen 127.0.0.1:${h2cPort} http2;
    listen 127.0.0.1:${tlsPort} ssl http2;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.3;
    client_max_body_size 0;
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`,
    );
    return { command: program, arguments: ["-c", file, "-p", folder, "-e", `${folder}/nginx-error.log`] };
  },
};
