// A client that speaks HTTP/2 by node:http2 (nghttp2), closed at the end of the test or file that opened it.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";

type WhenOver = (end: () => void) => void;

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: IncomingHttpHeaders;
  /** Statuses of the interim answers. */
  readonly interim: readonly number[];
  /** With which code the stream ended. */
  readonly code: number;
}

export async function http2Session(
  whenOver: WhenOver,
  url: string,
  options: SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  // In megabytes: bodies that wait for their window count.
  const session = connect(url, { rejectUnauthorized: false, maxSessionMemory: 100, ...options });
  whenOver(() => session.destroy());
  session.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    session.once("remoteSettings", () => resolve());
    session.once("close", () => reject(new Error("the session was closed before it began")));
  });
  return session;
}

/** One exchange. The body is given whole, or written by `send` to the stream that it gets. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
  send?: (stream: ClientHttp2Stream) => void,
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: body === undefined && send === undefined });
  const interim: number[] = [];
  const chunks: Buffer[] = [];
  let answered: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("headers", (more) => interim.push(Number(more[":status"])));
  stream.on("response", (head) => {
    answered = head;
  });
  stream.on("trailers", (section) => {
    trailers = section;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => undefined);
  send?.(stream);
  if (body !== undefined) stream.end(body);
  return new Promise((resolve) => {
    stream.on("close", () =>
      resolve({
        status: Number(answered[":status"] ?? 0),
        headers: answered,
        text: Buffer.concat(chunks).toString("latin1"),
        trailers,
        interim,
        code: stream.rstCode ?? 0,
      }),
    );
  });
}
