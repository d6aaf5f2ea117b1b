/** Frames of HTTP/2, written and read for tests, and field sections in the plainest HPACK there is: literals that touch no table. */

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const ACK = 1;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const WITH_PRIORITY = 0x20;

export const ERRORS = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

const NAMES = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW",
  "CONTINUATION",
];

export function frame(type: number, flags: number, stream: number, payload: Uint8Array | string = ""): Buffer {
  const body = Buffer.from(payload as string, "latin1");
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
}

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const body = Object.entries(values).map(([id, value]) => {
    const bytes = Buffer.alloc(6);
    bytes.writeUInt16BE(Number(id), 0);
    bytes.writeUInt32BE(value, 2);
    return bytes;
  });
  return frame(SETTINGS, 0, 0, Buffer.concat(body));
}

export type Fields = readonly (readonly [string, string])[];

/** Literals without indexing, names literal too. */
export function section(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const head = bytes.length < 127 ? [bytes.length] : [127];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) head.push(128 | (rest & 127));
    head.push(rest);
  }
  return Buffer.concat([Buffer.from(head), bytes]);
}

export const GET: Fields = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "h"],
];
export const POST: Fields = [[":method", "POST"], ...GET.slice(1)];

export function headers(stream: number, fields: Fields, flags = END_STREAM | END_HEADERS): Buffer {
  return frame(HEADERS, flags, stream, section(fields));
}

/** What a connection says by itself, a line a frame; content of frames that the suite does not read is left out. */
export function describeFrames(bytes: Buffer): string[] {
  const lines: string[] = [];
  let at = 0;
  if (bytes.subarray(0, 24).equals(PREFACE)) {
    lines.push("PREFACE");
    at = 24;
  }
  while (at < bytes.length) {
    const length = bytes.readUIntBE(at, 3);
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    const stream = bytes.readUInt32BE(at + 5);
    const body = bytes.subarray(at + 9, at + 9 + length);
    if (body.length !== length) throw new Error("a frame is cut");
    at += 9 + length;
    const words = [NAMES[type] ?? `TYPE${type}`];
    if (type === RST_STREAM) words.push(String(stream), ERRORS[body.readUInt32BE(0)] ?? "?");
    else if (type === GOAWAY) words.push(String(body.readUInt32BE(0)), ERRORS[body.readUInt32BE(4)] ?? "?");
    else if (type === WINDOW_UPDATE) words.push(String(stream), String(body.readUInt32BE(0)));
    else if (type === SETTINGS || type === PING) words.push(...(flags & ACK ? ["ack"] : []));
    else if (type === DATA) words.push(String(stream), String(length), ...(flags & END_STREAM ? ["end"] : []));
    else words.push(String(stream), ...(flags & END_STREAM ? ["end"] : []), ...(flags & END_HEADERS ? ["whole"] : []));
    lines.push(words.join(" "));
  }
  return lines;
}
