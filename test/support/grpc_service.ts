/** A service of gRPC with all four kinds of calls over plain bytes, and a client for it (grpc-js, which shares no line with ours). */

import * as grpc from "@grpc/grpc-js";

const bytes = (value: Buffer): Buffer => value;
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${path}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});

const ECHO = {
  unary: method("Unary", false, false),
  collect: method("Collect", true, false),
  repeat: method("Repeat", false, true),
  chat: method("Chat", true, true),
};

/** What the server has seen. */
export interface Seen {
  calls: number;
  cancelled: number;
  /** Calls that are still to be answered UNAVAILABLE. */
  failures: number;
  readonly metadata: grpc.Metadata[];
}

export interface EchoServer {
  readonly port: number;
  readonly seen: Seen;
}

/**
 * Unary echoes; Collect answers with the total length; Repeat answers `count` times with messages of `size`, as its request says; Chat
 * echoes each message. The request "fail" is an error with details and trailers, "hang" has no answer.
 */
export async function echoServer(whenOver: (end: () => Promise<void>) => void): Promise<EchoServer> {
  const seen: Seen = { calls: 0, cancelled: 0, failures: 0, metadata: [] };
  const begin = (call: grpc.ServerUnaryCall<Buffer, Buffer> | grpc.ServerReadableStream<Buffer, Buffer>) => {
    seen.calls++;
    seen.metadata.push(call.metadata);
    const headers = new grpc.Metadata();
    headers.set("x-initial", "1");
    headers.set("x-bytes-bin", Buffer.from([0, 255, 10]));
    call.sendMetadata(headers);
  };
  const server = new grpc.Server({
    "grpc.max_receive_message_length": 8 * 1024 * 1024,
    "grpc.max_send_message_length": 8 * 1024 * 1024,
  });
  server.addService(ECHO, {
    unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      if (seen.failures > 0) {
        seen.failures--;
        seen.calls++;
        done({ code: grpc.status.UNAVAILABLE, details: "not now" });
        return;
      }
      begin(call);
      const text = call.request.toString("latin1", 0, 8);
      const trailers = new grpc.Metadata();
      trailers.set("x-final", "1");
      trailers.set("grpc-status-details-bin", Buffer.from("details"));
      if (text === "hang") {
        call.on("cancelled", () => seen.cancelled++);
        return;
      }
      if (text === "fail")
        done({ code: grpc.status.FAILED_PRECONDITION, details: "no \u00e9 way", metadata: trailers });
      else done(null, call.request, trailers);
    },
    collect(call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      begin(call);
      let total = 0;
      call.on("data", (message: Buffer) => {
        total += message.length;
      });
      call.on("end", () => done(null, Buffer.from(String(total))));
    },
    repeat(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      seen.calls++;
      const [count = 0, size = 0] = call.request.toString().split(" ").map(Number);
      let sent = 0;
      // grpc-js says it of calls that have ended well, too.
      call.on("cancelled", () => {
        if (sent < count) seen.cancelled++;
      });
      const more = () => {
        while (sent < count && !call.cancelled)
          if (!call.write(numbered(sent++, size))) return void call.once("drain", more);
        call.end();
      };
      more();
    },
    chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      seen.calls++;
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  whenOver(async () => server.forceShutdown());
  return { port, seen };
}

/** A message that tells its place. */
export function numbered(index: number, size: number): Buffer {
  const message = Buffer.alloc(Math.max(size, 4), index & 255);
  message.writeUInt32BE(index, 0);
  return message;
}

export class EchoClient {
  private readonly client: grpc.Client;

  constructor(port: number, whenOver: (end: () => Promise<void>) => void) {
    this.client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": 8 * 1024 * 1024,
      "grpc.max_send_message_length": 8 * 1024 * 1024,
      "grpc.enable_retries": 0,
    });
    whenOver(async () => this.client.close());
  }

  unary(message: Buffer | string, metadata = new grpc.Metadata(), options: grpc.CallOptions = {}): Promise<Answer> {
    return new Promise((resolve) => {
      const answer: Answer = { error: null, message: undefined, initial: undefined, final: undefined };
      const call = this.client.makeUnaryRequest(
        ECHO.unary.path,
        bytes,
        bytes,
        Buffer.from(message),
        metadata,
        options,
        (error, value) => {
          answer.error = error;
          answer.message = value;
        },
      );
      call.on("metadata", (initial) => {
        answer.initial = initial;
      });
      call.on("status", ({ metadata: final }) => {
        answer.final = final;
        setImmediate(resolve, answer);
      });
    });
  }

  collect(messages: readonly Buffer[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeClientStreamRequest(ECHO.collect.path, bytes, bytes, (error, total) =>
        error === null ? resolve(String(total)) : reject(error),
      );
      for (const message of messages) call.write(message);
      call.end();
    });
  }

  repeat(count: number, size: number): grpc.ClientReadableStream<Buffer> {
    return this.client.makeServerStreamRequest(ECHO.repeat.path, bytes, bytes, Buffer.from(`${count} ${size}`));
  }

  chat(): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest(ECHO.chat.path, bytes, bytes);
  }
}

export interface Answer {
  error: grpc.ServiceError | null;
  message: Buffer | undefined;
  /** Of the head, and of the trailers. */
  initial: grpc.Metadata | undefined;
  final: grpc.Metadata | undefined;
}
