// A client that sends the bytes it is given and keeps those that come: for what no HTTP library would say.
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { type ConnectionOptions, connect as tlsConnect } from "node:tls";

/** How long a test waits for bytes before it fails with what it has. */
const PATIENCE_MS = 8_000;

export type End = "open" | "fin" | "reset";

export class Wire {
  readonly socket: Socket;
  /** Everything so far, one character a byte. */
  text = "";
  end: End = "open";
  private watcher: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.text += chunk.toString("latin1");
      this.watcher?.();
    });
    socket.on("end", () => this.ended("fin"));
    socket.on("error", () => this.ended("reset"));
    socket.on("close", () => this.ended("fin"));
  }

  /** Resolves when connected. The other side's FIN leaves our half open. */
  static open(where: NetConnectOpts): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...where, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Wire(socket));
      });
    });
  }

  /** Resolves when the handshake is done; the certificate is whatever it is. */
  static overTls(where: ConnectionOptions): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ...where,
        allowHalfOpen: true,
      } as ConnectionOptions);
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        socket.off("error", reject);
        resolve(new Wire(socket));
      });
    });
  }

  static toPort(port: number): Promise<Wire> {
    return Wire.open({ port, host: "127.0.0.1" });
  }

  send(bytes: string): this {
    this.socket.write(bytes, "latin1");
    return this;
  }

  /** Our FIN. */
  finish(): this {
    this.socket.end();
    return this;
  }

  /** Waits for a match in all that has come, takes it and what is before it out, and gives what it took. */
  async take(pattern: RegExp | string): Promise<string> {
    await this.until(() => matchEnd(this.text, pattern) >= 0, `bytes like ${pattern}`);
    const end = matchEnd(this.text, pattern);
    const taken = this.text.slice(0, end);
    this.text = this.text.slice(end);
    return taken;
  }

  /** Waits for the end of the other side's half. */
  async untilEnd(): Promise<End> {
    await this.until(() => this.end !== "open", "the end");
    return this.end;
  }

  close(): void {
    this.socket.destroy();
  }

  private ended(how: End): void {
    if (this.end === "open") this.end = how;
    this.watcher?.();
  }

  private until(isThere: () => boolean, what: string): Promise<void> {
    if (isThere()) return Promise.resolve();
    const tooLate = () =>
      new Error(`${what} did not come before the ${this.end}; what came is ${JSON.stringify(this.text)}`);
    if (this.end !== "open") return Promise.reject(tooLate());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.watcher = null;
        reject(
          new Error(
            `${what} did not come; the connection is ${this.end}, and what came is ${JSON.stringify(this.text)}`,
          ),
        );
      }, PATIENCE_MS);
      this.watcher = () => {
        if (!isThere() && this.end === "open") return;
        clearTimeout(timer);
        this.watcher = null;
        if (isThere()) resolve();
        else reject(tooLate());
      };
    });
  }
}

function matchEnd(text: string, pattern: RegExp | string): number {
  if (typeof pattern === "string") {
    const at = text.indexOf(pattern);
    return at < 0 ? -1 : at + pattern.length;
  }
  const match = pattern.exec(text);
  return match === null ? -1 : match.index + match[0].length;
}
