// Every quantity of the core's memory, by name, and the map that they add up to (drawn in docs/memory_map.md).
//
// All addresses are constants: the compiler folds them, the host reads them, and nothing moves while a worker lives. Regions are generous because a page that
// nobody touches is not resident. The memory is sized by the host before the core is instantiated; only the last region, the config
// arena, grows with a larger memory.

const KIB: u32 = 1024;
const MIB: u32 = 1024 * 1024;
/** One page of WebAssembly. Each region starts on a page. */
export const PAGE_BYTES: u32 = 64 * KIB;

/** Loads of a vector may look past the end of what they scan; every buffer that is scanned has so many bytes behind it. */
export const SCAN_PADDING: u32 = 64;

// --- static data: what the compiler itself places (names of headers, tables). `init` asserts that it fits.
export const STATIC_BYTES: u32 = PAGE_BYTES;

// --- control: results, parameters, small tables
export const CONTROL_START: u32 = STATIC_BYTES;
export const CONTROL_BYTES: u32 = PAGE_BYTES;

// --- event ring. One read holds at most READ_BUFFER_BYTES / 9 frames of HTTP/2, each with one event, and may end or unblock every stream of its connection
// (twice H2_STREAMS_PER_CONNECTION_MAX). Of HTTP/1 it holds READ_BUFFER_BYTES / 17 messages (the shortest is `HTTP/1.1 100 \r\n\r\n`).
export const EVENTS_MAX: u32 = 16384;
export const EVENT_BYTES: u32 = 16;
export const EVENT_RING_START: u32 = CONTROL_START + CONTROL_BYTES;
export const EVENT_RING_BYTES: u32 = EVENTS_MAX * EVENT_BYTES;

// --- scratch: names and values on their way in (host to core) or out. Two values of the largest kind fit side by side.
export const SCRATCH_START: u32 = EVENT_RING_START + EVENT_RING_BYTES;
export const SCRATCH_BYTES: u32 = 256 * KIB;

// --- every read of a socket lands here
export const READ_BUFFER_START: u32 = SCRATCH_START + SCRATCH_BYTES;
export const READ_BUFFER_BYTES: u32 = 64 * KIB;
const READ_BUFFER_REGION: u32 = READ_BUFFER_BYTES + PAGE_BYTES;

// --- small reads of one pass of the event loop wait here for each other
export const READ_STAGE_START: u32 = READ_BUFFER_START + READ_BUFFER_REGION;
export const READ_STAGE_BYTES: u32 = 128 * KIB;
const READ_STAGE_REGION: u32 = READ_STAGE_BYTES + PAGE_BYTES;

// --- HTTP/1 connections, downstream and upstream
export const CONNECTIONS_MAX: u32 = 131072;
export const CONNECTION_BYTES: u32 = 96;
export const CONNECTIONS_START: u32 = READ_STAGE_START + READ_STAGE_REGION;
export const CONNECTIONS_BYTES: u32 = CONNECTIONS_MAX * CONNECTION_BYTES;

// --- what the forwarding rules know of each downstream connection
export const FORWARD_PEERS_MAX: u32 = CONNECTIONS_MAX;
export const FORWARD_PEER_BYTES: u32 = 96;
export const FORWARD_PEERS_START: u32 = CONNECTIONS_START + CONNECTIONS_BYTES;

// --- header blocks. A head of the default limit (60 KiB) and its mutations fit class 4; the two largest classes serve only
// listeners and clusters that ask for a larger `max_request_headers_kb` (Envoy allows 8,192).
export const BLOCK_CLASSES: u32 = 6;
export const BLOCK_1_BYTES: u32 = 1 * KIB;
export const BLOCK_1_COUNT: u32 = 16384;
export const BLOCK_2_BYTES: u32 = 4 * KIB;
export const BLOCK_2_COUNT: u32 = 16384;
export const BLOCK_3_BYTES: u32 = 16 * KIB;
export const BLOCK_3_COUNT: u32 = 1024;
export const BLOCK_4_BYTES: u32 = 80 * KIB;
export const BLOCK_4_COUNT: u32 = 256;
export const BLOCK_5_BYTES: u32 = 1088 * KIB;
export const BLOCK_5_COUNT: u32 = 16;
export const BLOCK_6_BYTES: u32 = 8704 * KIB;
export const BLOCK_6_COUNT: u32 = 4;

export const BLOCK_1_START: u32 = FORWARD_PEERS_START + FORWARD_PEERS_MAX * FORWARD_PEER_BYTES;
export const BLOCK_2_START: u32 = BLOCK_1_START + BLOCK_1_BYTES * BLOCK_1_COUNT;
export const BLOCK_3_START: u32 = BLOCK_2_START + BLOCK_2_BYTES * BLOCK_2_COUNT;
export const BLOCK_4_START: u32 = BLOCK_3_START + BLOCK_3_BYTES * BLOCK_3_COUNT;
export const BLOCK_5_START: u32 = BLOCK_4_START + BLOCK_4_BYTES * BLOCK_4_COUNT;
export const BLOCK_6_START: u32 = BLOCK_5_START + BLOCK_5_BYTES * BLOCK_5_COUNT;
export const BLOCKS_END: u32 = BLOCK_6_START + BLOCK_6_BYTES * BLOCK_6_COUNT;

// --- join: several values of one header, joined with commas for a matcher; or an encoded head that is larger than a slab, on its way out. A little larger
// than the largest block, so that neither overflows.
export const JOIN_START: u32 = BLOCKS_END;
export const JOIN_BYTES: u32 = BLOCK_6_BYTES + PAGE_BYTES;

// --- regular expressions that are too large for a table: four words for each node of the largest one
export const REGEX_NODES_MAX: u32 = 65535;
export const REGEX_START: u32 = JOIN_START + JOIN_BYTES;
export const REGEX_BYTES: u32 = 1 * MIB + PAGE_BYTES;

// --- output slabs: one read, one head, the framing of chunks
export const OUTPUT_SLAB_BYTES: u32 = 160 * KIB;
export const OUTPUT_SLABS_MAX: u32 = 1024;
export const OUTPUT_SLABS_START: u32 = REGEX_START + REGEX_BYTES;

// --- HTTP/2 connections, downstream and upstream: struct, then the two tables of HPACK (http2/connection draws the slot)
export const H2_CONNECTIONS_MAX: u32 = 16384;
export const H2_CONNECTION_STRUCT_BYTES: u32 = 1024;
/** The largest SETTINGS_HEADER_TABLE_SIZE that we announce (Envoy: hpack_table_size, 4,096 unless set). */
export const H2_DECODER_TABLE_MAX: u32 = 16 * KIB;
/** The largest table that our encoder keeps, however much the peer allows. */
export const H2_ENCODER_TABLE_MAX: u32 = 4 * KIB;
/** RFC 7541 4.1: an entry counts 32 bytes more than its text, so a table has at most so many. */
export const HPACK_ENTRY_OVERHEAD: u32 = 32;
export const HPACK_ENTRY_BYTES: u32 = 8;
export const HPACK_HASH_SLOTS: u32 = 256;
export const H2_DECODER_ENTRIES: u32 = H2_DECODER_TABLE_MAX / HPACK_ENTRY_OVERHEAD;
export const H2_ENCODER_ENTRIES: u32 = H2_ENCODER_TABLE_MAX / HPACK_ENTRY_OVERHEAD;
export const H2_CONNECTION_BYTES: u32 =
  H2_CONNECTION_STRUCT_BYTES +
  H2_DECODER_TABLE_MAX +
  H2_DECODER_ENTRIES * HPACK_ENTRY_BYTES +
  H2_ENCODER_TABLE_MAX +
  H2_ENCODER_ENTRIES * HPACK_ENTRY_BYTES +
  HPACK_HASH_SLOTS * 2;
export const H2_CONNECTIONS_START: u32 = OUTPUT_SLABS_START + OUTPUT_SLAB_BYTES * OUTPUT_SLABS_MAX;

// --- HTTP/2 streams of all connections, and the hash that finds one by connection and id
export const H2_STREAMS_MAX: u32 = 131072;
export const H2_STREAM_BYTES: u32 = 96;
/** Streams that one connection may have open, whatever max_concurrent_streams says. */
export const H2_STREAMS_PER_CONNECTION_MAX: u32 = 4096;
export const H2_STREAMS_START: u32 = H2_CONNECTIONS_START + H2_CONNECTIONS_MAX * H2_CONNECTION_BYTES;
export const H2_STREAM_BUCKETS: u32 = 131072;
export const H2_STREAM_BUCKETS_START: u32 = H2_STREAMS_START + H2_STREAMS_MAX * H2_STREAM_BYTES;

// --- config arena: the rest. Allocated by the host: match programs, constant header operations, host tables.
export const CONFIG_ARENA_START: u32 = H2_STREAM_BUCKETS_START + H2_STREAM_BUCKETS * 4;
export const CONFIG_ARENA_MIN_BYTES: u32 = 32 * MIB;

/** Bytes of memory that the host gives a core, unless the config needs a larger arena. */
export const MEMORY_BYTES: u32 = CONFIG_ARENA_START + CONFIG_ARENA_MIN_BYTES;
