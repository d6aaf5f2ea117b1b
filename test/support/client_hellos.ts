// ClientHellos made to order, and a plain reader of them to compare others with.

/** A list behind its length of so many bytes. */
function sized(width: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(width);
  head.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([head, bytes]);
}

export function numbers(...values: number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.of(value >> 8, value & 0xff)));
}

export const list8 = (...parts: Buffer[]): Buffer => sized(1, Buffer.concat(parts));
export const list16 = (...parts: Buffer[]): Buffer => sized(2, Buffer.concat(parts));

export function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([numbers(type), list16(body)]);
}

export function serverName(...names: string[]): Buffer {
  const entries = names.map((name) => Buffer.concat([Buffer.of(0), list16(Buffer.from(name, "latin1"))]));
  return extension(0, list16(...entries));
}

export interface HelloParts {
  readonly version?: number;
  readonly ciphers?: readonly number[];
  readonly sessionId?: Buffer;
  readonly compression?: Buffer;
  /** Null: the message ends before them. */
  readonly extensions?: readonly Buffer[] | null;
}

/** One record. */
export function clientHello({ version, ciphers, sessionId, compression, extensions }: HelloParts = {}): Buffer {
  const body = Buffer.concat([
    numbers(version ?? 0x0303),
    Buffer.alloc(32, 7),
    list8(sessionId ?? Buffer.alloc(0)),
    list16(numbers(...(ciphers ?? [0x0a0a, 0x1301, 0xc02b, 0x1302]))),
    list8(compression ?? Buffer.of(0)),
    extensions === null ? Buffer.alloc(0) : list16(...(extensions ?? [])),
  ]);
  return Buffer.concat([Buffer.of(22, 3, 1), list16(Buffer.of(1), sized(3, body))]);
}

/** The same handshake message in records of so many bytes. */
export function inRecords(hello: Buffer, bytes: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    records.push(Buffer.of(22, 3, 1), list16(message.subarray(at, at + bytes)));
  }
  return Buffer.concat(records);
}

/** What a reader that takes its time finds: `more`, `none`, or server name and protocols. */
export function readSlowly(bytes: Buffer): string {
  let message = Buffer.alloc(0);
  let empty = 0;
  for (let at = 0; ; ) {
    if (at < bytes.length && bytes[at] !== 22) return "none";
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return "none";
    if (at + 5 > bytes.length) return "more";
    const length = bytes.readUInt16BE(at + 3);
    empty = length === 0 ? empty + 1 : 0;
    if (length > 16_640 || empty > 32) return "none";
    message = Buffer.concat([message, bytes.subarray(at + 5, at + 5 + length)]);
    if (message.length > 0 && message[0] !== 1) return "none";
    if (message.length >= 4 && message.length >= 4 + message.readUIntBE(1, 3)) break;
    at += 5 + length;
    if (at > bytes.length) return "more";
  }
  try {
    return parse(message.subarray(4, 4 + message.readUIntBE(1, 3)));
  } catch {
    return "none";
  }
}

/** Throws where something does not fit. */
function parse(body: Buffer): string {
  const take = taker(body);
  take(34);
  if (take.list(1).length > 32) throw new Error("session id");
  const ciphers = take.list(2);
  if (ciphers.length === 0 || ciphers.length % 2 === 1) throw new Error("ciphers");
  if (take.list(1).length === 0) throw new Error("compression");
  if (take.left() === 0) return "?";
  const extensions = taker(take.list(2));
  if (take.left() > 0) throw new Error("what follows the extensions");
  const seen = new Set<number>();
  let name = "";
  let protocols: string[] = [];
  while (extensions.left() > 0) {
    const type = extensions(2).readUInt16BE();
    const content = extensions.list(2);
    if (seen.has(type)) throw new Error("twice");
    seen.add(type);
    if (type === 0) name = hostName(content);
    if (type === 16) protocols = protocolNames(content);
  }
  return `${name}?${protocols.join()}`;
}

function hostName(content: Buffer): string {
  const take = taker(content);
  const entry = taker(take.list(2));
  const kind = entry(1)[0];
  const name = entry.list(2);
  const isOne = kind === 0 && take.left() === 0 && entry.left() === 0;
  if (!isOne || name.length === 0 || name.length > 255 || name.includes(0)) throw new Error("name");
  return name.toString("latin1").toLowerCase();
}

function protocolNames(content: Buffer): string[] {
  try {
    const take = taker(content);
    const list = taker(take.list(2));
    const names: string[] = [];
    while (list.left() > 0) names.push(list.list(1).toString("latin1"));
    return take.left() > 0 || names.includes("") ? [] : names;
  } catch {
    return [];
  }
}

function taker(bytes: Buffer) {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error("cut");
    at += length;
    return bytes.subarray(at - length, at);
  };
  return Object.assign(take, {
    list: (width: number): Buffer => take(take(width).readUIntBE(0, width)),
    left: () => bytes.length - at,
  });
}
