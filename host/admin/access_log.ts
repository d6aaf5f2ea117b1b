/** Access logs of the admin port: an exchange as the stream that formats and filters of access logs read. */

import type { AccessLog } from "../access_log/log.ts";
import type { Address } from "../net/address.ts";
import { NO_FACTS } from "../stream_info/connection_facts.ts";
import { NEVER, PROTOCOL_HTTP10, PROTOCOL_HTTP11, type StreamInfo } from "../stream_info/stream_info.ts";
import type { Core } from "../wasm/core.ts";
import { HeaderMap } from "../wasm/header_view.ts";
import type { AdminExchange } from "./server.ts";

/** The name of the admin listener in its logs and stats. */
const LISTENER = "admin";

export class AdminAccessLog {
  private readonly logs: readonly AccessLog[];
  private readonly ownAddress: string;
  private readonly requestHeaders: HeaderMap;
  private readonly responseHeaders: HeaderMap;

  /** `ownAddress` stands in x-forwarded-for for a peer on loopback. The core holds the fields of one exchange at a time. */
  constructor(logs: readonly AccessLog[], core: Core, ownAddress: string) {
    this.logs = logs;
    this.ownAddress = ownAddress;
    this.requestHeaders = new HeaderMap(core);
    this.responseHeaders = new HeaderMap(core);
  }

  write(exchange: AdminExchange): void {
    const { requestHeaders, responseHeaders } = this;
    if (requestHeaders.create() && responseHeaders.create()) {
      this.fill(exchange);
      const info = streamOf(exchange, requestHeaders, responseHeaders);
      for (const log of this.logs) log.log(info);
    }
    requestHeaders.release();
    responseHeaders.release();
  }

  /** Fields that are too many or too long for a block are left out of the line. */
  private fill({ method, target, status, contentType, rawHeaders, remote }: AdminExchange): void {
    const { requestHeaders, responseHeaders } = this;
    requestHeaders.set(":method", method);
    requestHeaders.set(":path", target);
    requestHeaders.set(":scheme", "http");
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase();
      requestHeaders.add(name === "host" ? ":authority" : name, rawHeaders[i + 1] as string);
    }
    const before = requestHeaders.get("x-forwarded-for");
    const peer = this.forwardedPeer(remote);
    requestHeaders.set("x-forwarded-for", before === undefined ? peer : `${before},${peer}`);
    responseHeaders.set(":status", String(status));
    responseHeaders.set("content-type", contentType);
  }

  private forwardedPeer(remote: Address): string {
    const ip = remote.kind === "ip" ? remote.ip : "";
    return ip === "" || ip === "::1" || ip.startsWith("127.") ? this.ownAddress : ip;
  }
}

function streamOf(exchange: AdminExchange, requestHeaders: HeaderMap, responseHeaders: HeaderMap): StreamInfo {
  const { connectionId, remote, local, startMs, endMs, status } = exchange;
  return {
    connection: {
      id: connectionId,
      directRemote: remote,
      remote,
      local,
      facts: NO_FACTS,
      serverName: "",
      tls: null,
      filterChainName: "",
      listenerName: LISTENER,
      listenerMetadata: undefined,
      acceptedMs: exchange.acceptedMs,
      terminationDetails: "",
      handshakeMs: NEVER,
      transportFailure: "",
    },
    protocol: exchange.httpVersion === "1.0" ? PROTOCOL_HTTP10 : PROTOCOL_HTTP11,
    startWallMs: exchange.startWallMs,
    startMs,
    requestEndMs: startMs,
    upstreamFirstTxMs: NEVER,
    upstreamLastTxMs: NEVER,
    upstreamFirstRxMs: NEVER,
    upstreamLastRxMs: NEVER,
    downstreamFirstTxMs: endMs,
    downstreamLastTxMs: endMs,
    endMs,
    bytesReceived: exchange.bytesReceived,
    bytesSent: exchange.bodyBytes,
    requestHeaderBytes: 0,
    responseHeaderBytes: 0,
    upstreamWireBytesSent: 0,
    upstreamWireBytesReceived: 0,
    downstreamWireBytesSent: 0,
    downstreamWireBytesReceived: 0,
    responseCode: status,
    responseCodeDetails: "admin_filter_response",
    responseFlags: 0,
    upstream: null,
    upstreamLocalAddress: "",
    upstreamTls: null,
    upstreamConnectionId: 0,
    upstreamProtocol: 0,
    upstreamTransportFailureReason: "",
    attemptCount: 0,
    clusterName: "",
    routeName: "",
    virtualHostName: "",
    virtualClusterName: "",
    metadataOf: () => undefined,
    filterState: () => undefined,
    requestId: "",
    requestHeaders,
    responseHeaders,
    responseTrailers: null,
    nowMs: () => performance.now(),
  };
}
