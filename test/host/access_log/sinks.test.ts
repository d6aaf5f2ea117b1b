// A worker's batches: by size, by age, bounded.
import { expect, it } from "vitest";
import { createAccessLogs } from "../../../host/access_log/log.ts";
import { AccessLogSinks, type LogBatch, SINK_IN_FLIGHT_BYTES_MAX } from "../../../host/access_log/sinks.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";
import { fakeStream } from "./fake_stream.ts";

function bench() {
  const clock = new VirtualClock();
  const posted: LogBatch[] = [];
  const sinks = new AccessLogSinks({
    timers: clock.timers,
    post: (batch) => posted.push(batch),
    readFile: () => new Uint8Array(),
  });
  const texts = () => posted.map(({ path, bytes }) => `${path}: ${Buffer.from(bytes).toString("latin1")}`);
  return { clock, posted, sinks, texts };
}

it("posts what it gathered when it is old enough, one batch per file", () => {
  const { clock, sinks, texts } = bench();
  sinks.sink("/a").write("1\n");
  sinks.sink("/b").write("x\n");
  sinks.sink("/a").write("2\n");
  expect(texts()).toEqual([]);
  clock.advance(200);
  expect(texts()).toEqual(["/a: 1\n2\n", "/b: x\n"]);
  clock.advance(1000);
  expect(texts()).toHaveLength(2);
});

it("posts at once what is large enough, in buffers that can be transferred", () => {
  const { posted, sinks } = bench();
  sinks.sink("/a").write(`${"x".repeat(100_000)}\n`);
  expect(posted).toHaveLength(1);
  expect(posted[0]?.bytes.buffer.byteLength).toBe(posted[0]?.bytes.length);
});

it("flushes before the worker ends", () => {
  const { sinks, texts } = bench();
  sinks.sink("/a").write("\xe9\n");
  sinks.flush();
  expect(texts()).toEqual(["/a: \xe9\n"]);
});

it("drops lines and counts them while the main thread takes nothing", () => {
  const { clock, posted, sinks } = bench();
  const sink = sinks.sink("/a");
  const line = `${"x".repeat(1024 * 1024 - 1)}\n`;
  for (let i = 0; i < SINK_IN_FLIGHT_BYTES_MAX / line.length; i++) sink.write(line);
  sink.write("lost\n");
  sink.write("lost\n");
  clock.advance(200);
  expect(posted.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(SINK_IN_FLIGHT_BYTES_MAX);
  expect(posted.at(-1)).toMatchObject({ path: "/a", dropped: 2 });
  for (const { bytes } of posted) sinks.acknowledge(bytes.length);
  sink.write("kept\n");
  clock.advance(200);
  expect(posted.at(-1)).toMatchObject({ dropped: 0, bytes: new Uint8Array(Buffer.from("kept\n")) });
});

it("feeds loggers of all three kinds, through their filters", () => {
  const { clock, sinks, texts } = bench();
  const format = { text_format_source: { inline_string: "%RESPONSE_CODE%\n" } };
  const logs = createAccessLogs(
    [
      {
        typed_config: {
          "@type": "envoy.extensions.access_loggers.file.v3.FileAccessLog",
          path: "/f",
          log_format: format,
        },
      },
      { typed_config: { "@type": "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", log_format: format } },
      {
        filter: { response_flag_filter: {} },
        typed_config: { "@type": "envoy.extensions.access_loggers.stream.v3.StderrAccessLog", log_format: format },
      },
      {
        typed_config: {
          "@type": "envoy.extensions.access_loggers.file.v3.FileAccessLog",
          path: "/g",
          json_format: { code: "%RESPONSE_CODE%" },
        },
      },
    ],
    sinks,
  );
  for (const log of logs) log.log(fakeStream({ responseCode: 204 }));
  clock.advance(200);
  expect(texts()).toEqual(["/f: 204\n", "/dev/stdout: 204\n", '/g: {"code":204}\n']);
});
