/** HTTP/2 on either side. */

import type { MessageSupport } from "./message_support.ts";

export const http2Messages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.core.v3.Http2ProtocolOptions": {
    read: [
      "hpack_table_size",
      "max_concurrent_streams",
      "initial_stream_window_size",
      "initial_connection_window_size",
      "allow_connect",
      "max_outbound_frames",
      "max_outbound_control_frames",
      "max_consecutive_inbound_frames_with_empty_payload",
      "max_inbound_priority_frames_per_stream",
      "max_inbound_window_update_frames_per_data_frame_sent",
      "stream_error_on_invalid_http_messaging",
      "override_stream_error_on_invalid_http_message",
      "connection_keepalive",
    ],
    inert: {
      use_oghttp2_codec: "a choice between Envoy's codecs",
      enable_huffman_encoding: "what is encoded is read the same either way",
      allow_metadata: "the default",
    },
    only: { allow_metadata: [false] },
  },
  "envoy.config.core.v3.KeepaliveSettings": {
    read: ["interval", "timeout", "interval_jitter", "connection_idle_interval"],
  },
};
