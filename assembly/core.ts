// The ABI of core.wasm: every function and constant that the host may use, room by room. Nothing else happens here.

import { MEMORY_BYTES, STATIC_BYTES } from "./abi/limits";
import { randomInit } from "./bytes/random";
import { blocksInit } from "./header/block";
import { forwardPeersInit } from "./header/forward_params";
import { namesInit } from "./header/names";
import { huffmanInit } from "./hpack/huffman";
import { staticTableInit } from "./hpack/static_table";
import { http1Init } from "./http1/connection";
import { http2Init } from "./http2/connection";
import { checkControl } from "./memory/arena";

export * from "./abi/event";
export * from "./abi/limits";
export * from "./abi/result";
export { EDF_ENTRY_BYTES } from "./balance/edf";
export {
  BALANCER_BIAS,
  BALANCER_BYTES,
  BALANCER_CELLS,
  BALANCER_CHOICE_COUNT,
  BALANCER_POLICY,
  BALANCER_PRIORITIES,
  BALANCER_PRIORITY_COUNT,
  BALANCER_WEIGHTS,
  POLICY_LEAST_REQUEST,
  POLICY_LEAST_REQUEST_FULL_SCAN,
  POLICY_RANDOM,
  POLICY_ROUND_ROBIN,
  PRIORITY_BYTES,
  PRIORITY_DEGRADED_LOAD,
  PRIORITY_HEALTHY_LOAD,
  PRIORITY_PANIC,
  PRIORITY_SOURCES,
  SOURCE_ALL,
  SOURCE_BYTES,
  SOURCE_COUNT,
  SOURCE_DEGRADED,
  SOURCE_HEALTHY,
  SOURCE_HEAP,
  SOURCE_HOSTS,
} from "./balance/hosts";
export { balancerPick, balancerPrepare, PICK_NONE, PICK_PANIC } from "./balance/pick";
export { equalIgnoringCase, lowerInPlace } from "./bytes/ascii";
export { copyBytes, equalBytes } from "./bytes/copy";
export { parseDecimal, writeDecimal, writeHex } from "./bytes/digits";
export { murmurHash2, xxHash64 } from "./bytes/hash";
export { parseIp, writeIp } from "./bytes/ip";
export { random32, randomBelow } from "./bytes/random";
export {
  findByteScalar,
  findByteVector,
  findNonAuthorityScalar,
  findNonAuthorityVector,
  findNonTargetScalar,
  findNonTargetVector,
  findNonTokenScalar,
  findNonTokenVector,
  findNonValueScalar,
  findNonValueVector,
} from "./bytes/scan";
export {
  BLOCK_CAPACITY,
  BLOCK_METHOD,
  BLOCK_PRESENT,
  BLOCK_STATUS,
  BLOCK_STATUS,
  blockClone,
  blockFree,
  blockNew,
  blocksLive,
} from "./header/block";
export {
  CLIENT_CERT_ALWAYS_FORWARD_ONLY,
  CLIENT_CERT_APPEND_FORWARD,
  CLIENT_CERT_FORWARD_ONLY,
  CLIENT_CERT_SANITIZE,
  CLIENT_CERT_SANITIZE_SET,
  FORWARD_ADD_USER_AGENT,
  FORWARD_ALWAYS_SET_REQUEST_ID_IN_RESPONSE,
  FORWARD_APPEND_X_FORWARDED_PORT,
  FORWARD_CLIENT_CERT,
  FORWARD_FLAGS,
  FORWARD_GENERATE_REQUEST_ID,
  FORWARD_INTERNAL_RANGES,
  FORWARD_INTERNAL_UNIX_SOCKETS,
  FORWARD_LOCAL_ADDRESS,
  FORWARD_NODE,
  FORWARD_PARAMS_BYTES,
  FORWARD_PRESERVE_EXTERNAL_REQUEST_ID,
  FORWARD_RANGE_BYTES,
  FORWARD_SCHEME,
  FORWARD_SERVER_HEADER,
  FORWARD_SERVER_NAME,
  FORWARD_SKIP_XFF_APPEND,
  FORWARD_TRUSTED_HOPS,
  FORWARD_USE_REMOTE_ADDRESS,
  FORWARD_USER_AGENT,
  FORWARD_VIA,
  forwardPeerCertificate,
  forwardPeerClose,
  forwardPeerOpen,
  PEER_CLIENT_CERT,
  PEER_HTTPS,
  SERVER_HEADER_APPEND_IF_ABSENT,
  SERVER_HEADER_OVERWRITE,
  SERVER_HEADER_PASS_THROUGH,
} from "./header/forward_params";
export {
  FORWARDED_BLOCK,
  FORWARDED_CLIENT,
  FORWARDED_CLIENT_LENGTH,
  FORWARDED_EDGE,
  FORWARDED_FACTS,
  FORWARDED_FROM_HEADER,
  FORWARDED_INTERNAL,
  FORWARDED_UPGRADE,
  forwardRequest,
} from "./header/forward_request";
export { forwardResponse, RESPONSE_CLOSE, RESPONSE_INTERIM } from "./header/forward_response";
export * from "./header/method";
export {
  headerAdd,
  headerAddId,
  headerAppendAt,
  headerRemove,
  headerRemoveAt,
  headerRemoveId,
  headerRemoveIds,
  headerRemovePrefix,
  headerSet,
  headerSetId,
  headerSetIdNumber,
  headerSetValueAt,
} from "./header/mutate";
export * from "./header/names";
export {
  headerAt,
  headerCount,
  headerFind,
  headerFindId,
  headerFindIdNext,
  headerFindNext,
  headerJoin,
  headerJoinId,
} from "./header/read";
export {
  CLIENT,
  CONNECTION_FACTS,
  CONNECTION_SLOT,
  FACT_CARRIED,
  FACT_CLOSES,
  FACT_COMPLETE,
  FACT_HEAD_STARTED,
  FACT_IDLE,
  http1Close,
  http1Live,
  http1Open,
  OPTION_CHUNKED_LENGTH,
  OPTION_CUSTOM_METHODS,
  OPTION_DEFAULT_HOST,
  OPTION_DROP_UNDERSCORES,
  OPTION_HTTP10,
  OPTION_REJECT_UNDERSCORES,
  OPTION_TLS,
  OPTION_TRAILERS,
  SERVER,
} from "./http1/connection";
export {
  ENCODE_CLOSE,
  ENCODE_END_STREAM,
  ENCODE_MARGIN,
  ENCODE_NO_ROOM,
  http1EncodeData,
  http1EncodeInterim,
  http1EncodeRequest,
  http1EncodeResponse,
  http1EncodeTrailers,
} from "./http1/encoder";
export {
  http1Eof,
  http1Feed,
  http1Next,
  http1Tunnel,
} from "./http1/feed";
export * from "./http1/message_limits";
export { lowerTokenScalar, lowerTokenVector } from "./http1/name";
export {
  H2_CONTINUATIONS_MAX,
  H2_EARLY_REFUSALS_MAX,
  H2_PADDED_PER_SECOND,
  H2_PINGS_PER_SECOND,
  H2_PREMATURE_STREAMS,
  H2_SETTINGS_PER_SECOND,
  H2_STREAM_ERRORS_MAX,
  H2_UNKNOWN_PER_SECOND,
} from "./http2/budget";
export {
  H2_CLIENT,
  H2_CONNECTION_CONTROL,
  H2_CONNECTION_FACTS,
  H2_CONNECTION_OPEN_STREAMS,
  H2_CONNECTION_PEER_MAX_STREAMS,
  H2_CONNECTION_SLOT,
  H2_FACT_DEAD,
  H2_FACT_GOAWAY_RECEIVED,
  H2_FACT_GOAWAY_SENT,
  H2_FACT_GREETED,
  H2_FACT_HEAD_STARTED,
  H2_FACT_PEER_CONNECT,
  H2_FACT_SETTLED,
  H2_OPTION_CONNECT,
  H2_OPTION_DROP_UNDERSCORES,
  H2_OPTION_REJECT_UNDERSCORES,
  H2_SERVER,
  H2_SETTINGS_BYTES,
  H2_SETTINGS_CONNECTION_WINDOW,
  H2_SETTINGS_MAX_EMPTY_FRAMES,
  H2_SETTINGS_MAX_FIELDS,
  H2_SETTINGS_MAX_HEAD_BYTES,
  H2_SETTINGS_MAX_OUTBOUND_CONTROL_FRAMES,
  H2_SETTINGS_MAX_OUTBOUND_FRAMES,
  H2_SETTINGS_MAX_PRIORITY_FRAMES,
  H2_SETTINGS_MAX_STREAMS,
  H2_SETTINGS_MAX_WINDOW_UPDATES,
  H2_SETTINGS_OPTIONS,
  H2_SETTINGS_STREAM_WINDOW,
  H2_SETTINGS_TABLE_SIZE,
  http2Close,
  http2Live,
  http2Open,
} from "./http2/connection";
export {
  H2_CONTROL_NO_ROOM,
  H2_PREFACE_TOLD,
  http2Control,
  http2Goaway,
  http2Ping,
  PREFACE as H2_PREFACE_START,
} from "./http2/control";
export {
  ENCODE_GONE,
  ENCODE_REFUSED,
  http2EncodeData,
  http2EncodeHeaders,
  http2EncodeInterim,
  http2EncodeTrailers,
  http2StartStream,
} from "./http2/encoder";
export { http2Reset } from "./http2/ending";
export {
  CANCEL as H2_CANCEL,
  CONNECT_ERROR as H2_CONNECT_ERROR,
  http2IsStreamError,
  http2WireError,
  INTERNAL_ERROR as H2_INTERNAL_ERROR,
  NO_ERROR as H2_NO_ERROR,
  PROTOCOL_ERROR as H2_PROTOCOL_ERROR,
  REFUSED_STREAM as H2_REFUSED_STREAM,
} from "./http2/errors";
export { http2Eof, http2Feed } from "./http2/feed";
export { http2Consumed, http2Flushed, http2SendRoom, http2TellWritable } from "./http2/flow";
export { hpackDecode, hpackEncode, hpackResize } from "./http2/probe";
export { http2StreamsLive } from "./http2/stream";
export { DATE_BYTES, DATE_TEXT, RESULT, RESULT_WORDS } from "./memory/arena";
export { domainHash } from "./route/domains";
export { headersMatch } from "./route/header_match";
export { isGrpc, routeList, routeMatch, routeVerdict, routeVirtualHost } from "./route/match";
export * from "./route/mutations";
export { endOfPathScalar, endOfPathVector } from "./route/path";
export * from "./route/program";
export { regexMatch } from "./route/regex";
export * from "./route/rewrite";
export {
  clientHelloRead,
  HELLO_CIPHERS,
  HELLO_EXTENSIONS,
  HELLO_FOUND,
  HELLO_GROUPS,
  HELLO_LEGACY_VERSION,
  HELLO_MORE,
  HELLO_NONE,
  HELLO_POINT_FORMATS,
  HELLO_PROTOCOLS,
  HELLO_SEEN_BYTES,
  HELLO_SERVER_NAME,
  HELLO_SIGNATURES,
  HELLO_VERSIONS,
  HELLO_WORDS,
} from "./tls/client_hello";

/** Version of the ABI between the core and the host; the host refuses a module of another version. */
export const ABI_VERSION: u32 = 1;

/** Prepares the memory. Once, before any other call, with a memory of at least MEMORY_BYTES. */
export function init(seedLow: u32, seedHigh: u32): void {
  assert(__heap_base <= STATIC_BYTES);
  assert(memory.size() >= <i32>(MEMORY_BYTES >> 16));
  checkControl();
  randomInit(seedLow, seedHigh);
  namesInit();
  blocksInit();
  forwardPeersInit();
  http1Init();
  huffmanInit();
  staticTableInit();
  http2Init();
}
