/** HTTP/2 options: what the core's tables would not hold is refused, rather than made smaller in silence. */

import { H2_DECODER_TABLE_MAX, H2_STREAMS_PER_CONNECTION_MAX } from "../../wasm/layout.gen.ts";
import type { Http2ProtocolOptions } from "../types/core.ts";
import { type At, rule } from "./rule.ts";

export const http2Rules = [rule<Http2ProtocolOptions>("envoy.config.core.v3.Http2ProtocolOptions", checkOptions)];

function checkOptions({ hpack_table_size = 0, max_concurrent_streams = 0 }: Http2ProtocolOptions, at: At): void {
  if (hpack_table_size > H2_DECODER_TABLE_MAX) {
    at.failField("hpack_table_size", `a table of more than ${H2_DECODER_TABLE_MAX} bytes is not supported yet`);
  }
  if (max_concurrent_streams > H2_STREAMS_PER_CONNECTION_MAX) {
    const reason = `more than ${H2_STREAMS_PER_CONNECTION_MAX} streams on one connection are not supported yet`;
    at.failField("max_concurrent_streams", reason);
  }
}
