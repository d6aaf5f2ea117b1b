/** Addresses and other small things that many messages hold. */

import type { MessageSupport } from "./message_support.ts";

export const coreMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.core.v3.Address": { read: ["socket_address", "pipe"] },
  "envoy.config.core.v3.SocketAddress": {
    read: ["protocol", "address", "port_value", "ipv4_compat"],
    only: { protocol: ["TCP"] },
  },
  "envoy.config.core.v3.Pipe": { read: ["path", "mode"] },
  "envoy.config.core.v3.CidrRange": { read: ["address_prefix", "prefix_len"] },
  "envoy.config.core.v3.DataSource": { read: ["filename", "inline_bytes", "inline_string", "environment_variable"] },
  "envoy.config.core.v3.HeaderValueOption": { read: ["header", "append", "append_action", "keep_empty_value"] },
  "envoy.config.core.v3.HeaderValue": { read: ["key", "value"] },
  "envoy.config.core.v3.SubstitutionFormatString": {
    read: ["text_format", "json_format", "text_format_source", "omit_empty_values", "json_format_options"],
    inert: { content_type: "only a local reply has a content type" },
  },
  "envoy.config.core.v3.JsonFormatOptions": {
    read: [],
    inert: { sort_properties: "keys are always in order, as they are in Envoy 1.40" },
  },
  "envoy.config.core.v3.RuntimeFractionalPercent": { read: ["default_value", "runtime_key"] },
  "envoy.config.core.v3.RuntimeUInt32": { read: ["default_value", "runtime_key"] },
  "envoy.config.core.v3.TcpKeepalive": { read: ["keepalive_time"] },
  "envoy.config.core.v3.DnsResolverOptions": { read: ["no_default_search_domain"] },
  "envoy.config.core.v3.DnsResolutionConfig": { read: ["resolvers", "dns_resolver_options"] },
  "envoy.config.core.v3.Metadata": {
    read: ["filter_metadata"],
    inert: { typed_filter_metadata: "no filter that reads it is supported" },
  },
  "envoy.config.core.v3.TypedExtensionConfig": { read: ["name", "typed_config"] },
  "envoy.config.core.v3.TransportSocket": { read: ["name", "typed_config"] },
  "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer": { read: [] },
  "envoy.type.v3.Percent": { read: ["value"] },
  "envoy.type.v3.FractionalPercent": { read: ["numerator", "denominator"] },
  "envoy.type.v3.Int64Range": { read: ["start", "end"] },
  "envoy.type.matcher.v3.StringMatcher": {
    read: ["exact", "prefix", "suffix", "contains", "safe_regex", "ignore_case"],
  },
  "envoy.type.matcher.v3.RegexMatcher": { read: ["regex"], inert: { google_re2: "RE2 is the only engine" } },
  "envoy.type.matcher.v3.RegexMatchAndSubstitute": { read: ["pattern", "substitution"] },
};
