/**
 * HTTP/1.1 over TLS from within the bench: what it costs here does not count, only the proxy's CPU clock does. Every
 * answer is compared byte by byte; a wrong one is thrown.
 */
import { connect, type TLSSocket } from "node:tls";
import { expectedBody } from "./body.ts";

const HEAD_END = "\r\n\r\n";
const LIMIT_MS = 10_000;

export class TlsClient {
  readonly #socket: TLSSocket;
  readonly #request: string;
  readonly #body: Buffer;
  #read: Buffer[] = [];
  #length = 0;
  #answered: ((error?: Error) => void) | undefined;
  /** The newest ticket of this connection; with it the next one is resumed. */
  session: Buffer | undefined;

  private constructor(socket: TLSSocket, bodyBytes: number) {
    this.#socket = socket;
    this.#request = `GET /bytes/${bodyBytes} HTTP/1.1\r\nHost: bench.example\r\n\r\n`;
    this.#body = expectedBody(bodyBytes);
    socket.setNoDelay(true);
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error("no answer over TLS")));
    socket.on("session", (session) => {
      this.session = session;
    });
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#settle(error));
    socket.on("close", () => this.#settle(new Error("the connection over TLS was closed")));
  }

  /** A connection whose handshake is done: resumed when `session` is given, or else it throws. */
  static open(port: number, bodyBytes: number, session?: Buffer): Promise<TlsClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        minVersion: "TLSv1.3",
        ...(session && { session }),
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        socket.off("error", reject);
        const resumed = socket.isSessionReused();
        const client = new TlsClient(socket, bodyBytes);
        if (resumed === (session !== undefined)) return resolve(client);
        client.close();
        reject(new Error(resumed ? "a new handshake was resumed" : "the session was not resumed"));
      });
    });
  }

  /** One request and its whole answer. */
  exchange(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = (error) => (error ? reject(error) : resolve());
      this.#socket.write(this.#request, "latin1");
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.setTimeout(0);
      this.#socket.once("close", () => resolve());
      if (this.#socket.destroyed) resolve();
      else this.#socket.end();
    });
  }

  #take(chunk: Buffer): void {
    this.#read.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#body.length) return;
    const answer = this.#read.length === 1 ? chunk : Buffer.concat(this.#read);
    const end = answer.indexOf(HEAD_END);
    if (end < 0 || answer.length < end + HEAD_END.length + this.#body.length) return;
    const right =
      answer.toString("latin1", 0, 13) === "HTTP/1.1 200 " && this.#body.equals(answer.subarray(end + HEAD_END.length));
    this.#read = [];
    this.#length = 0;
    this.#settle(right ? undefined : new Error(`a wrong answer over TLS: ${answer.toString("latin1", 0, 80)}`));
  }

  #settle(error?: Error): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(error);
  }
}
