// One HTTP/2 connection: what is kept between two reads. RFC 9113. Server and client are the same machine; they differ in who opens streams.
//
//   slot + 0   | + 320          | + 384          | + 448    | + 512           | + 1024
//   | struct   | decoder table  | encoder table  | encoder  | closed streams  | rings of decoder and encoder, hash of the encoder |
//
//   PREFACE ──> FRAME_HEAD <──> payload of the frame (PREFIX, then the rest)          any ── connection error ──> DEAD
//   (server)    (client begins here)
//
// What a state does with a byte stands in feed.ts; nothing else changes the state.

import {
  H2_CONNECTION_BYTES,
  H2_CONNECTION_STRUCT_BYTES,
  H2_CONNECTIONS_MAX,
  H2_CONNECTIONS_START,
  H2_DECODER_ENTRIES,
  H2_DECODER_TABLE_MAX,
  H2_ENCODER_ENTRIES,
  H2_ENCODER_TABLE_MAX,
  H2_STREAMS_PER_CONNECTION_MAX,
  HPACK_ENTRY_BYTES,
  HPACK_HASH_SLOTS,
} from "../abi/limits";
import { blockFree } from "../header/block";
import { DynamicTable, tableInit } from "../hpack/dynamic_table";
import { Encoder, encoderInit, encoderResize } from "../hpack/encoder";
import { H2_CONNECTION_SLOTS } from "../memory/arena";
import { SLOT_MASK, Slots, slotAt, slotFree, slotsInit, slotTake } from "../memory/slots";
import { putOpening } from "./control";
import { FRAME_BYTES_MAX, STREAM_ID_MAX } from "./frame";
import { CLOSED_REMEMBERED, ENDED_BY_US, Stream, streamForget, streamsInit } from "./stream";

export const H2_SERVER: u32 = 1;
export const H2_CLIENT: u32 = 2;

export const PHASE_PREFACE: u32 = 0;
export const PHASE_FRAME_HEAD: u32 = 1;
/** The bytes of a frame that are looked at together: a pad length, a priority, a setting, a whole small frame. */
export const PHASE_PREFIX: u32 = 2;
/** Content of DATA. */
export const PHASE_DATA: u32 = 3;
/** A fragment of a header block. */
export const PHASE_FRAGMENT: u32 = 4;
/** Padding, and what is not looked at. */
export const PHASE_SKIP: u32 = 5;
export const PHASE_DEAD: u32 = 6;

/** RFC 9113 6.9.2: every window before SETTINGS say otherwise. */
export const WINDOW_DEFAULT: u32 = 65535;
export const WINDOW_MAX: u32 = 0x7fff_ffff;
/** RFC 7541: the table before SETTINGS say otherwise. */
export const TABLE_DEFAULT: u32 = 4096;

// --- options
/** RFC 8441: extended CONNECT is announced and read (Envoy: allow_connect). */
export const H2_OPTION_CONNECT: u32 = 1;
/** A field name with an underscore is refused, or the field dropped (Envoy: headers_with_underscores_action). */
export const H2_OPTION_REJECT_UNDERSCORES: u32 = 64;
export const H2_OPTION_DROP_UNDERSCORES: u32 = 128;

/**
 * What a connection is opened with, in Envoy's words (Http2ProtocolOptions, HttpConnectionManager, Cluster): u32 each. `http2Open` copies it, so the host may
 * write over it at once.
 */
@unmanaged
export class Http2Settings {
  options: u32;
  /** max_request_headers_kb or max_response_headers_kb, in bytes. */
  maxHeadBytes: u32;
  /** max_headers_count. */
  maxFields: u32;
  /** max_concurrent_streams, of the server. */
  maxStreams: u32;
  /** initial_stream_window_size. */
  streamWindow: u32;
  /** initial_connection_window_size. */
  connectionWindow: u32;
  /** hpack_table_size: the decoder's table, and the most that the encoder's may be. */
  tableSize: u32;
  maxOutboundFrames: u32;
  maxOutboundControlFrames: u32;
  maxEmptyFrames: u32;
  maxPriorityFrames: u32;
  maxWindowUpdates: u32;
}

export const H2_SETTINGS_BYTES: u32 = offsetof<Http2Settings>();
export const H2_SETTINGS_OPTIONS: u32 = offsetof<Http2Settings>("options");
export const H2_SETTINGS_MAX_HEAD_BYTES: u32 = offsetof<Http2Settings>("maxHeadBytes");
export const H2_SETTINGS_MAX_FIELDS: u32 = offsetof<Http2Settings>("maxFields");
export const H2_SETTINGS_MAX_STREAMS: u32 = offsetof<Http2Settings>("maxStreams");
export const H2_SETTINGS_STREAM_WINDOW: u32 = offsetof<Http2Settings>("streamWindow");
export const H2_SETTINGS_CONNECTION_WINDOW: u32 = offsetof<Http2Settings>("connectionWindow");
export const H2_SETTINGS_TABLE_SIZE: u32 = offsetof<Http2Settings>("tableSize");
export const H2_SETTINGS_MAX_OUTBOUND_FRAMES: u32 = offsetof<Http2Settings>("maxOutboundFrames");
export const H2_SETTINGS_MAX_OUTBOUND_CONTROL_FRAMES: u32 = offsetof<Http2Settings>("maxOutboundControlFrames");
export const H2_SETTINGS_MAX_EMPTY_FRAMES: u32 = offsetof<Http2Settings>("maxEmptyFrames");
export const H2_SETTINGS_MAX_PRIORITY_FRAMES: u32 = offsetof<Http2Settings>("maxPriorityFrames");
export const H2_SETTINGS_MAX_WINDOW_UPDATES: u32 = offsetof<Http2Settings>("maxWindowUpdates");

// --- facts: bits of `facts`, which the host reads where they lie
/** A header block has begun and is not whole, or the preface is not. */
export const H2_FACT_HEAD_STARTED: u32 = 1;
/** The peer sent GOAWAY: no new streams on this connection. */
export const H2_FACT_GOAWAY_RECEIVED: u32 = 2;
/** This side sent GOAWAY. */
export const H2_FACT_GOAWAY_SENT: u32 = 4;
/** A connection error: write what `http2Control` gives, then close. */
export const H2_FACT_DEAD: u32 = 8;
/** The peer acknowledged our SETTINGS. */
export const H2_FACT_SETTLED: u32 = 16;
/** The peer's SETTINGS have come. */
export const H2_FACT_GREETED: u32 = 32;
/** The peer's SETTINGS allow extended CONNECT (RFC 8441). */
export const H2_FACT_PEER_CONNECT: u32 = 64;

/** Less than 320 bytes at the head of a slot. */
@unmanaged
export class Http2Connection {
  /** The table's. */
  generation: i32;
  handle: u32;
  facts: u32;
  /** Bytes of control frames that wait (http2Control): a block with raw text, or 0. */
  control: u32;
  openStreams: u32;
  kind: u8;
  phase: u8;
  /** Bytes of preface, frame head or prefix that are in `heldA` and behind it. */
  held: u8;
  /** Bytes of the prefix that is gathered. */
  wanted: u8;
  heldA: u64;
  heldB: u64;

  // --- the frame under way
  frameType: u8;
  frameFlags: u8;
  padding: u8;
  frameStream: u32;
  /** Bytes of its payload that are still to come. */
  frameLeft: u32;

  // --- the header block under way
  /** Its stream; 0: none. CONTINUATION must follow. */
  sectionStream: u32;
  /** Flags of its HEADERS. */
  sectionFlags: u32;
  /** What has come of it, as raw text; 0: nothing. */
  fragment: u32;
  continuations: u32;

  // --- windows
  sendWindow: i32;
  receiveWindow: i32;
  /** Consumed bytes that no WINDOW_UPDATE has announced. */
  credit: u32;
  /** The window of a new stream as the peer may see it: ours, or the default while our SETTINGS may not have arrived. */
  receiveStreamWindow: u32;

  // --- settings of the peer
  peerMaxStreams: u32;
  peerStreamWindow: i32;
  peerMaxFrame: u32;

  // --- ours
  options: u32;
  maxHeadBytes: u32;
  maxFields: u32;
  maxStreams: u32;
  streamWindow: u32;
  connectionWindow: u32;
  /** The largest table that the peer's encoder may have. */
  tableMax: u32;
  tableSize: u32;
  maxOutboundFrames: u32;
  maxOutboundControlFrames: u32;
  maxEmptyFrames: u32;
  maxPriorityFrames: u32;
  maxWindowUpdates: u32;

  // --- streams
  firstStream: u32;
  firstBlocked: u32;
  lastBlocked: u32;
  /** The highest id that the client opened, whichever side it is. */
  lastStream: u32;
  /** Client: the id that `http2StartStream` gives next. */
  nextStream: u32;
  /** Ids above it are not served any more, as said by our GOAWAY. */
  goawaySent: u32;
  /** The same, as said by the peer. */
  goawayReceived: u32;
  closed: u32;
  closedCount: u32;

  // --- budget (budget.ts)
  /** The time of the last call that brought it. */
  nowMs: u32;
  outboundFrames: u32;
  outboundControlFrames: u32;
  secondStartMs: u32;
  settingsThisSecond: u32;
  pingsThisSecond: u32;
  unknownThisSecond: u32;
  paddedThisSecond: u32;
  emptyFrames: u32;
  priorityFrames: u32;
  windowUpdates: u32;
  dataFramesSent: u32;
  inboundStreams: u32;
  endedStreams: u32;
  prematureResets: u32;
  streamErrors: u32;
  earlyRefusals: u32;
}

const DECODER_AT: u32 = 320;
const ENCODER_TABLE_AT: u32 = 384;
const ENCODER_AT: u32 = 448;
const CLOSED_AT: u32 = 512;
const DECODER_DATA: u32 = H2_CONNECTION_STRUCT_BYTES;
const DECODER_ENTRIES: u32 = DECODER_DATA + H2_DECODER_TABLE_MAX;
const ENCODER_DATA: u32 = DECODER_ENTRIES + H2_DECODER_ENTRIES * HPACK_ENTRY_BYTES;
const ENCODER_ENTRIES: u32 = ENCODER_DATA + H2_ENCODER_TABLE_MAX;
const ENCODER_HASH: u32 = ENCODER_ENTRIES + H2_ENCODER_ENTRIES * HPACK_ENTRY_BYTES;

export const H2_CONNECTION_FACTS: u32 = offsetof<Http2Connection>("facts");
export const H2_CONNECTION_CONTROL: u32 = offsetof<Http2Connection>("control");
export const H2_CONNECTION_OPEN_STREAMS: u32 = offsetof<Http2Connection>("openStreams");
export const H2_CONNECTION_PEER_MAX_STREAMS: u32 = offsetof<Http2Connection>("peerMaxStreams");
/** The bits of a handle that number its slot. */
export const H2_CONNECTION_SLOT: u32 = SLOT_MASK;

/** Prepares the tables. Once, from `init`. */
export function http2Init(): void {
  assert(offsetof<Http2Connection>() <= DECODER_AT && offsetof<DynamicTable>() <= 64 && offsetof<Encoder>() <= 64);
  assert(CLOSED_AT + CLOSED_REMEMBERED * 4 <= H2_CONNECTION_STRUCT_BYTES);
  assert(ENCODER_HASH + HPACK_HASH_SLOTS * 2 <= H2_CONNECTION_BYTES);
  slotsInit(
    changetype<Slots>(<usize>H2_CONNECTION_SLOTS),
    H2_CONNECTIONS_START,
    H2_CONNECTION_BYTES,
    H2_CONNECTIONS_MAX,
  );
  streamsInit();
}

/**
 * A connection of kind H2_SERVER or H2_CLIENT, with the Http2Settings at `settings`. Its handle; 0: all are in use. What this side says first waits
 * in its control output.
 */
export function http2Open(kind: u32, settings: usize): u32 {
  assert(kind == H2_SERVER || kind == H2_CLIENT);
  const slots = changetype<Slots>(<usize>H2_CONNECTION_SLOTS);
  const handle = slotTake(slots);
  if (handle == 0) return 0;
  const it = http2At(handle);
  const start = <u32>changetype<usize>(it);
  memory.fill(start + 4, 0, DECODER_AT - 4);
  const given = changetype<Http2Settings>(settings);
  it.handle = handle;
  it.kind = <u8>kind;
  it.phase = <u8>(kind == H2_SERVER ? PHASE_PREFACE : PHASE_FRAME_HEAD);
  it.sendWindow = <i32>WINDOW_DEFAULT;
  it.peerMaxStreams = WINDOW_MAX;
  it.peerStreamWindow = <i32>WINDOW_DEFAULT;
  it.peerMaxFrame = FRAME_BYTES_MAX;
  it.options = given.options;
  it.maxHeadBytes = given.maxHeadBytes;
  it.maxFields = given.maxFields;
  it.maxStreams = min(given.maxStreams, H2_STREAMS_PER_CONNECTION_MAX);
  it.streamWindow = min(given.streamWindow, WINDOW_MAX);
  it.receiveStreamWindow = max(it.streamWindow, WINDOW_DEFAULT);
  it.connectionWindow = min(max(given.connectionWindow, WINDOW_DEFAULT), WINDOW_MAX);
  it.receiveWindow = <i32>it.connectionWindow;
  it.tableSize = min(given.tableSize, H2_DECODER_TABLE_MAX);
  it.tableMax = max(it.tableSize, TABLE_DEFAULT);
  it.maxOutboundFrames = given.maxOutboundFrames;
  it.maxOutboundControlFrames = given.maxOutboundControlFrames;
  it.maxEmptyFrames = given.maxEmptyFrames;
  it.maxPriorityFrames = given.maxPriorityFrames;
  it.maxWindowUpdates = given.maxWindowUpdates;
  it.nextStream = 1;
  it.goawaySent = STREAM_ID_MAX;
  it.goawayReceived = STREAM_ID_MAX;
  it.closed = start + CLOSED_AT;
  tableInit(decoderOf(it), start + DECODER_DATA, H2_DECODER_TABLE_MAX, start + DECODER_ENTRIES, TABLE_DEFAULT);
  tableInit(encoderTableOf(it), start + ENCODER_DATA, H2_ENCODER_TABLE_MAX, start + ENCODER_ENTRIES, TABLE_DEFAULT);
  encoderInit(encoderOf(it), start + ENCODER_HASH, TABLE_DEFAULT);
  encoderResize(encoderOf(it), min(it.tableSize, TABLE_DEFAULT));
  if (!putOpening(it)) {
    http2Close(handle);
    return 0;
  }
  return handle;
}

/** Gives a connection back, with its streams and what it holds. */
export function http2Close(handle: u32): void {
  const it = http2At(handle);
  while (it.firstStream != 0) streamForget(it, changetype<Stream>(<usize>it.firstStream), ENDED_BY_US);
  if (it.control != 0) blockFree(it.control);
  if (it.fragment != 0) blockFree(it.fragment);
  slotFree(changetype<Slots>(<usize>H2_CONNECTION_SLOTS), handle);
}

/** Connections that are open: for stats, and for tests that count leaks. */
export function http2Live(): u32 {
  return changetype<Slots>(<usize>H2_CONNECTION_SLOTS).live;
}

export function http2At(handle: u32): Http2Connection {
  return changetype<Http2Connection>(slotAt(changetype<Slots>(<usize>H2_CONNECTION_SLOTS), handle));
}

export function decoderOf(it: Http2Connection): DynamicTable {
  return changetype<DynamicTable>(changetype<usize>(it) + DECODER_AT);
}

export function encoderTableOf(it: Http2Connection): DynamicTable {
  return changetype<DynamicTable>(changetype<usize>(it) + ENCODER_TABLE_AT);
}

export function encoderOf(it: Http2Connection): Encoder {
  return changetype<Encoder>(changetype<usize>(it) + ENCODER_AT);
}
