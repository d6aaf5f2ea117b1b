/**
 * Reads the server name and the protocols of a ClientHello (RFC 8446 4.1.2, 5246 7.4.1.2; RFC 6066 3, RFC 7301 3.1), which may lie
 * in several records and arrive in any pieces. What the peer sent is only looked at: the handshake reads it again, and judges it.
 *
 *   record:    type 22 | version 3.x | length 2 | fragment ...
 *   handshake: type 1 | length 3 | version 2 | random 32 | session id <1> | cipher suites <2> | compression <1> | extensions <2>
 */

/** Envoy's `tls_inspector` looks at so many bytes. */
export const CLIENT_HELLO_MAX = 65_536;

export interface ClientHello {
  /** In lower case; empty without. */
  readonly serverName: string;
  readonly protocols: readonly string[];
}

export type HelloAnswer = ClientHello | "more" | "not TLS" | "too large";

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const ALPN = 16;

/** Reads one hello as it comes: whole records are looked at once, however many there are and however small the pieces. */
export class ClientHelloReader {
  private readonly fragments: Buffer[] = [];
  private have = 0;
  private wanted = 4;
  /** Where the first record begins that was not whole. */
  private at = 0;

  /** @param bytes all that has come so far */
  read(bytes: Buffer): HelloAnswer {
    for (;;) {
      const { at, fragments } = this;
      if (at < bytes.length && (bytes[at] !== HANDSHAKE_RECORD || (at + 1 < bytes.length && bytes[at + 1] !== 3))) {
        return "not TLS";
      }
      if (at + 5 > bytes.length) return moreThan(bytes);
      const length = bytes.readUInt16BE(at + 3);
      if (length === 0 || length > 16_384 + 256) return "not TLS";
      const fragment = bytes.subarray(at + 5, at + 5 + length);
      const have = this.have + fragment.length;
      if (this.wanted === 4 && have >= 4) {
        const head = joined([...fragments, fragment]);
        if (head[0] !== CLIENT_HELLO) return "not TLS";
        this.wanted = 4 + head.readUIntBE(1, 3);
        if (this.wanted > CLIENT_HELLO_MAX) return "too large";
      }
      if (have >= this.wanted) return parse(new Reader(joined([...fragments, fragment]).subarray(4, this.wanted)));
      if (fragment.length < length) return moreThan(bytes);
      fragments.push(fragment);
      this.have = have;
      this.at = at + 5 + length;
    }
  }
}

function moreThan(bytes: Buffer): HelloAnswer {
  return bytes.length >= CLIENT_HELLO_MAX ? "too large" : "more";
}

function joined(fragments: readonly Buffer[]): Buffer {
  return fragments.length === 1 ? (fragments[0] as Buffer) : Buffer.concat(fragments);
}

/** Lengths that do not fit leave a hello without names: it is TLS all the same, and the handshake will say what is wrong. */
function parse(hello: Reader): ClientHello {
  let serverName = "";
  const protocols: string[] = [];
  hello.skip(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  const extensions = hello.vector(2);
  while (extensions.isMore) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type === SERVER_NAME) {
      const names = body.vector(2);
      while (names.isMore) {
        const kind = names.number(1);
        const name = names.vector(2).text;
        if (kind === HOST_NAME && serverName === "") serverName = name.toLowerCase();
      }
    } else if (type === ALPN) {
      const names = body.vector(2);
      while (names.isMore) protocols.push(names.vector(1).text);
    }
  }
  return { serverName, protocols };
}

/** Reads numbers and vectors; past the end everything is empty. */
class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isMore(): boolean {
    return this.at < this.bytes.length;
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }

  skip(length: number): void {
    this.at += length;
  }

  number(width: number): number {
    const at = this.at;
    this.at += width;
    return this.at <= this.bytes.length ? this.bytes.readUIntBE(at, width) : 0;
  }

  /** A vector with a length of so many bytes. */
  vector(width: number): Reader {
    const length = this.number(width);
    const from = Math.min(this.at, this.bytes.length);
    this.at = from + length;
    if (this.at <= this.bytes.length) return new Reader(this.bytes.subarray(from, this.at));
    this.at = this.bytes.length;
    return new Reader(Buffer.alloc(0));
  }
}
