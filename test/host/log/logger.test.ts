import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { compileLogFormat, DEFAULT_LOG_FORMAT, type LogRecord } from "../../../host/log/format.ts";
import { parseLoggerName, parseLogLevel } from "../../../host/log/level.ts";
import { DEBUG, FileSink, INFO, Logs } from "../../../host/log/logger.ts";

const record: LogRecord = {
  wallMs: new Date(2026, 10, 4, 9, 5, 7, 42).getTime(),
  level: "warning",
  logger: "upstream",
  thread: 12,
  message: "two\nlines",
  path: "host/upstream/cluster.ts",
  line: 7,
};

describe("compileLogFormat", () => {
  it.each([
    [DEFAULT_LOG_FORMAT, "[2026-11-04 09:05:07.042][12][warning][upstream] [host/upstream/cluster.ts:7] two\nlines"],
    ["%L %s:%# %@", "W cluster.ts:7 host/upstream/cluster.ts:7"],
    ["%_", "two\\nlines"],
    ["%j", "two\\nlines"],
    ["[%10l][%-10l][%=10l]", "[   warning][warning   ][ warning  ]"],
    ["%I:%M %p %b %B %a %D %R", "09:05 AM Nov November Wed 11/04/26 09:05"],
    ["100%% %k", "100% %k"],
    ["%^%v%$", "two\nlines"],
    ["%E", String(Math.floor(record.wallMs / 1000))],
  ])("%s", (format, line) => {
    expect(compileLogFormat(format)(record)).toBe(line);
  });
});

function memoryLogs(level: "info" | "debug" = "info") {
  const lines: string[] = [];
  const logs = new Logs({ sink: { write: (line) => lines.push(line) }, format: "%n %l %g:%# %v", level });
  return { lines, logs };
}

describe("Logs", () => {
  it("write at and above each logger's level, with the place of the call", () => {
    const { lines, logs } = memoryLogs();
    const log = logs.logger("http");
    log.debug("not this");
    log.info("this");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^http info test\/host\/log\/logger\.test\.ts:\d+ this\n$/);
  });

  it("change one level, or all", () => {
    const { lines, logs } = memoryLogs();
    logs.logger("http").level = "debug";
    logs.logger("http").debug("a");
    logs.logger("router").debug("b");
    expect(lines).toHaveLength(1);
    logs.setAll("off");
    logs.logger("http").critical("c");
    expect(lines).toHaveLength(1);
    expect(logs.all().every((logger) => logger.level === "off")).toBe(true);
  });

  it("share levels with other threads, in both directions", () => {
    const { logs } = memoryLogs();
    const lines: string[] = [];
    const other = new Logs({ sink: { write: (line) => lines.push(line) }, levels: logs.levels });
    expect(other.logger("main").enabled(INFO)).toBe(true);
    expect(other.logger("main").enabled(DEBUG)).toBe(false);
    logs.logger("main").level = "trace";
    expect(other.logger("main").enabled(DEBUG)).toBe(true);
  });

  it("escape newlines when asked", () => {
    const lines: string[] = [];
    const logs = new Logs({ sink: { write: (line) => lines.push(line) }, format: "%v", escapeNewlines: true });
    logs.logger("main").info("a\nb");
    expect(lines).toEqual(["a\\nb\n"]);
  });
});

describe("names", () => {
  it("are read as users write them", () => {
    expect(parseLogLevel("warn")).toBe("warning");
    expect(parseLogLevel("loud")).toBeNull();
    expect(parseLoggerName("upstream")).toBe("upstream");
    expect(parseLoggerName("nobody")).toBeNull();
  });
});

describe("FileSink", () => {
  const folder = mkdtempSync(join(tmpdir(), "nuncio-log-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("appends, and opens its file anew after a rotation", () => {
    const path = join(folder, "log");
    const sink = new FileSink(path);
    sink.write("one\n");
    renameSync(path, `${path}.1`);
    sink.write("two\n");
    sink.reopen();
    sink.write("three\n");
    sink.close();
    expect(readFileSync(`${path}.1`, "utf8")).toBe("one\ntwo\n");
    expect(readFileSync(path, "utf8")).toBe("three\n");
  });
});
