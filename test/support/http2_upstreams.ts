/** Whether clusters may be told to speak HTTP/2: tests that need it say aloud that they are skipped without. */

import { supported } from "../../host/config/supported.ts";

const EXPLICIT = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig";

export const hasHttp2Upstreams = supported[EXPLICIT]?.read.includes("http2_protocol_options") ?? false;

if (!hasHttp2Upstreams) console.log("skipped in part: clusters cannot be told to speak HTTP/2");
