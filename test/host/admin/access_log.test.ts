import { expect, it } from "vitest";
import { createAccessLogs } from "../../../host/access_log/log.ts";
import { AccessLogSinks } from "../../../host/access_log/sinks.ts";
import { AdminAccessLog } from "../../../host/admin/access_log.ts";
import type { AdminExchange } from "../../../host/admin/server.ts";
import type { AccessLog } from "../../../host/config/types/access_log.ts";
import { IpAddress } from "../../../host/net/address.ts";
import { Core } from "../../../host/wasm/core.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";

const exchange: AdminExchange = {
  connectionId: 3,
  acceptedMs: 0,
  startWallMs: Date.UTC(2026, 10, 24, 15, 53, 24, 909),
  startMs: 100,
  endMs: 102,
  method: "GET",
  target: "/ready?x=1",
  httpVersion: "1.1",
  rawHeaders: ["Host", "127.0.0.1:9901", "User-Agent", "curl/7.88.1", "X-Many", "1"],
  bytesReceived: 0,
  status: 200,
  contentType: "text/plain; charset=UTF-8",
  bodyBytes: 5,
  remote: new IpAddress(4, "127.0.0.1", 4000),
  local: new IpAddress(4, "127.0.0.1", 9901),
};

/** The lines that these exchanges give with a log of this config. */
function linesOf(config: Partial<AccessLog>, exchanges: readonly AdminExchange[]): string {
  let lines = "";
  const sinks = new AccessLogSinks({
    timers: new VirtualClock().timers,
    readFile: () => new Uint8Array(),
    post: (batch) => {
      lines += Buffer.from(batch.bytes).toString("latin1");
    },
  });
  const file = { "@type": "envoy.extensions.access_loggers.file.v3.FileAccessLog", path: "/log" } as const;
  const log = new AdminAccessLog(
    createAccessLogs([{ name: "file", typed_config: file, ...config }], sinks),
    new Core(),
    "192.0.2.2",
  );
  for (const one of exchanges) log.write(one);
  sinks.flush();
  return lines;
}

it("writes Envoy's default line, with our own address for a peer on loopback", () => {
  expect(linesOf({}, [exchange])).toBe(
    '[2026-11-24T15:53:24.909Z] "GET /ready?x=1 HTTP/1.1" 200 - 0 5 2 - "192.0.2.2" "curl/7.88.1" "-" "127.0.0.1:9901" "-"\n',
  );
});

it("appends the peer to what it says of itself", () => {
  const remote = new IpAddress(4, "203.0.113.7", 4000);
  const rawHeaders = [...exchange.rawHeaders, "X-Forwarded-For", "198.51.100.1"];
  expect(linesOf({}, [{ ...exchange, remote, rawHeaders }])).toContain('"198.51.100.1,203.0.113.7"');
});

it("takes the filters and formats that other access logs take, exchange after exchange", () => {
  const config: Partial<AccessLog> = {
    filter: { status_code_filter: { comparison: { op: "GE", value: { default_value: 400, runtime_key: "k" } } } },
    typed_config: {
      "@type": "envoy.extensions.access_loggers.file.v3.FileAccessLog",
      path: "/log",
      log_format: { text_format_source: { inline_string: "%REQ(X-MANY)% %RESPONSE_CODE% %RESP(CONTENT-TYPE)%\n" } },
    },
  };
  const missing = { ...exchange, status: 404 };
  expect(linesOf(config, [exchange, missing, missing])).toBe("1 404 text/plain; charset=UTF-8\n".repeat(2));
});
