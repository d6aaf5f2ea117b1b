/** A reader of HTTP/1.1 messages for the far sides of a simulated proxy: shares no line with ours, and trusts nothing. */

export interface Message {
  /** `GET /a HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly start: string;
  /** 0 for a request. */
  readonly status: number;
  /** In order, names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Grows while the message comes in. */
  body: Buffer;
  trailers: readonly (readonly [name: string, value: string])[];
  isComplete: boolean;
}

/** The values of a field, joined; undefined when it is not there. */
export function field(message: Message, name: string): string | undefined {
  const values = message.fields.filter(([n]) => n === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(",");
}

type Framing =
  | { readonly kind: "length"; rest: number }
  | { readonly kind: "chunked"; rest: number; state: "size" | "data" | "end" | "trailers" }
  | { readonly kind: "until close" };

export class MessageReader {
  /** All messages so far; the last one may be incomplete. */
  readonly messages: Message[] = [];
  /** For responses: the method of the request that the next one answers, GET when nothing is said. */
  readonly methods: string[] = [];
  /** What came is no HTTP. */
  broken = "";
  /** Everything from here on belongs to a tunnel. */
  isTunnel = false;
  tunnelled = Buffer.alloc(0);
  private input = Buffer.alloc(0);
  private framing: Framing | null = null;

  push(bytes: Buffer): void {
    this.input = Buffer.concat([this.input, bytes]);
    while (this.broken === "" && this.step()) {
      // Each step takes something out of the input.
    }
  }

  /** The peer's FIN. */
  end(): void {
    const current = this.current;
    if (this.framing?.kind === "until close" && current !== undefined) current.isComplete = true;
  }

  get complete(): readonly Message[] {
    return this.messages.filter((message) => message.isComplete);
  }

  /** Bytes that belong to no complete message have come. */
  get isInside(): boolean {
    return this.input.length > 0 || this.framing !== null;
  }

  private get current(): Message | undefined {
    return this.messages.at(-1);
  }

  private step(): boolean {
    if (this.isTunnel) {
      this.tunnelled = Buffer.concat([this.tunnelled, this.input]);
      this.input = Buffer.alloc(0);
      return false;
    }
    if (this.framing === null) return this.head();
    return this.content(this.framing, this.current as Message);
  }

  private head(): boolean {
    const end = this.input.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const [start = "", ...lines] = this.input.toString("latin1", 0, end).split("\r\n");
    this.input = this.input.subarray(end + 4);
    const isResponse = start.startsWith("HTTP/1.1 ");
    if (!isResponse && !/^[A-Z]+ \S+ HTTP\/1\.1$/.test(start)) {
      this.broken = `no start line: ${start.slice(0, 80)}`;
      return false;
    }
    const status = isResponse ? Number(start.slice(9, 12)) : 0;
    const message: Message = {
      start,
      status,
      fields: lines.map(parseLine),
      body: Buffer.alloc(0),
      trailers: [],
      isComplete: false,
    };
    this.messages.push(message);
    this.framing = this.framingOf(message, isResponse);
    if (this.framing === null) message.isComplete = true;
    return this.input.length > 0;
  }

  private framingOf(message: Message, isResponse: boolean): Framing | null {
    const { status } = message;
    if (status === 101) {
      this.isTunnel = true;
      return null;
    }
    if (isResponse) {
      if (status < 200) return null;
      const method = this.methods.shift() ?? "GET";
      if (method === "HEAD" || status === 204 || status === 304) return null;
    }
    if (field(message, "transfer-encoding") !== undefined) return { kind: "chunked", rest: 0, state: "size" };
    const length = field(message, "content-length");
    if (length !== undefined) return Number(length) === 0 ? null : { kind: "length", rest: Number(length) };
    return isResponse ? { kind: "until close" } : null;
  }

  private content(framing: Framing, message: Message): boolean {
    if (framing.kind === "until close") {
      this.take(message, this.input.length);
      return false;
    }
    if (framing.kind === "length") {
      framing.rest -= this.take(message, framing.rest);
      if (framing.rest > 0) return false;
      this.finish(message);
      return this.input.length > 0;
    }
    if (framing.state === "data") {
      framing.rest -= this.take(message, framing.rest);
      if (framing.rest > 0) return false;
      framing.state = "end";
    }
    const end = this.input.indexOf("\r\n");
    if (end < 0) return false;
    const line = this.input.toString("latin1", 0, end);
    this.input = this.input.subarray(end + 2);
    if (framing.state === "end") {
      if (line !== "") this.broken = "no CRLF behind a chunk";
      framing.state = "size";
    } else if (framing.state === "size") {
      if (!/^[0-9a-f]+$/i.test(line)) this.broken = `no chunk size: ${line.slice(0, 80)}`;
      framing.rest = Number.parseInt(line, 16);
      framing.state = framing.rest === 0 ? "trailers" : "data";
    } else if (line === "") {
      this.finish(message);
    } else {
      message.trailers = [...message.trailers, parseLine(line)];
    }
    return true;
  }

  private take(message: Message, wanted: number): number {
    const piece = this.input.subarray(0, wanted);
    message.body = Buffer.concat([message.body, piece]);
    this.input = this.input.subarray(piece.length);
    return piece.length;
  }

  private finish(message: Message): void {
    message.isComplete = true;
    this.framing = null;
  }
}

function parseLine(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
