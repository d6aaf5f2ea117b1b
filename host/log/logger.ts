/**
 * The application log: one logger per component, each with a level of its own that can change while the process runs.
 *
 *   main thread                                        worker
 *   const logs = new Logs({...});                      const logs = new Logs({ ...share from workerData });
 *   const log = logs.logger("upstream");               log.info("removing cluster a");
 *
 * The levels stand in shared memory, so a change in the main thread (POST /logging) is seen by all threads at their next
 * line. On the data path ask `log.enabled(DEBUG)` before making a message: that is one load and one comparison.
 */

import { closeSync, openSync, writeSync } from "node:fs";
import { callSite } from "./call_site.ts";
import { compileLogFormat, DEFAULT_LOG_FORMAT, type LogRecord } from "./format.ts";
import { LOG_LEVELS, LOGGER_NAMES, type LoggerName, type LogLevel } from "./level.ts";

export const TRACE = 0;
export const DEBUG = 1;
export const INFO = 2;
export const WARNING = 3;
export const ERROR = 4;
export const CRITICAL = 5;

/** Where lines go; each comes with its newline. A sink must not throw. */
export interface LogSink {
  write(line: string): void;
}

export interface LogOptions {
  readonly sink: LogSink;
  /** spdlog syntax, as `--log-format`. */
  readonly format?: string;
  /** `--log-format-escaped`: newlines in messages are written as `\n`. */
  readonly escapeNewlines?: boolean;
  /** For all loggers, unless the levels are shared. */
  readonly level?: LogLevel;
  /** One byte per logger, from the main thread's `Logs.levels`. */
  readonly levels?: SharedArrayBuffer;
  /** What `%t` shows. */
  readonly thread?: number;
  /** Milliseconds since the epoch. */
  readonly wallMs?: () => number;
}

/** All loggers of one thread. */
export class Logs {
  /** To be handed to the threads that shall share the levels. */
  readonly levels: SharedArrayBuffer;
  private readonly bytes: Uint8Array;
  private readonly loggers: readonly Logger[];

  constructor(options: LogOptions) {
    this.levels = options.levels ?? new SharedArrayBuffer(LOGGER_NAMES.length);
    const bytes = new Uint8Array(this.levels);
    this.bytes = bytes;
    const format = options.format ?? DEFAULT_LOG_FORMAT;
    const write = lineWriter(
      options.sink,
      compileLogFormat(options.escapeNewlines ? format.replaceAll("%v", "%_") : format),
    );
    const thread = options.thread ?? process.pid;
    const wallMs = options.wallMs ?? Date.now;
    this.loggers = LOGGER_NAMES.map((name, index) => new Logger({ name, index, bytes, thread, wallMs, write }));
    if (options.levels === undefined) this.setAll(options.level ?? "info");
  }

  logger(name: LoggerName): Logger {
    return this.loggers[LOGGER_NAMES.indexOf(name)] as Logger;
  }

  /** In Envoy's order. */
  all(): readonly Logger[] {
    return this.loggers;
  }

  setAll(level: LogLevel): void {
    this.bytes.fill(LOG_LEVELS.indexOf(level));
  }
}

interface LoggerParts {
  readonly name: LoggerName;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly thread: number;
  readonly wallMs: () => number;
  readonly write: (record: LogRecord) => void;
}

export class Logger {
  readonly name: LoggerName;
  private readonly parts: LoggerParts;
  private readonly bytes: Uint8Array;
  private readonly index: number;

  constructor(parts: LoggerParts) {
    this.name = parts.name;
    this.parts = parts;
    this.bytes = parts.bytes;
    this.index = parts.index;
  }

  get level(): LogLevel {
    return LOG_LEVELS[this.bytes[this.index] as number] as LogLevel;
  }

  set level(level: LogLevel) {
    this.bytes[this.index] = LOG_LEVELS.indexOf(level);
  }

  /** Would a line of this weight (`DEBUG`, ...) be written? */
  enabled(weight: number): boolean {
    return weight >= (this.bytes[this.index] as number);
  }

  trace(message: string): void {
    if (this.enabled(TRACE)) this.write("trace", message);
  }

  debug(message: string): void {
    if (this.enabled(DEBUG)) this.write("debug", message);
  }

  info(message: string): void {
    if (this.enabled(INFO)) this.write("info", message);
  }

  warning(message: string): void {
    if (this.enabled(WARNING)) this.write("warning", message);
  }

  error(message: string): void {
    if (this.enabled(ERROR)) this.write("error", message);
  }

  critical(message: string): void {
    if (this.enabled(CRITICAL)) this.write("critical", message);
  }

  private write(level: LogLevel, message: string): void {
    const { path, line } = callSite(3);
    const { thread, wallMs, write } = this.parts;
    write({ wallMs: wallMs(), level, logger: this.name, thread, message, path, line });
  }
}

function lineWriter(sink: LogSink, format: (record: LogRecord) => string): (record: LogRecord) => void {
  return (record) => sink.write(`${format(record)}\n`);
}

/** Standard error. A closed or full pipe loses lines and nothing else. */
export class StderrSink implements LogSink {
  write(line: string): void {
    writeAll(2, line);
  }
}

/** `--log-path`: appended to; all threads open it for themselves, and a line is one write, so lines do not mix. */
export class FileSink implements LogSink {
  private readonly path: string;
  private descriptor: number;

  /** Throws the system's error when the file cannot be opened. */
  constructor(path: string) {
    this.path = path;
    this.descriptor = openSync(path, "a");
  }

  write(line: string): void {
    writeAll(this.descriptor, line);
  }

  /** After a rotation. Throws when the file cannot be opened again; the old one stays in use then. */
  reopen(): void {
    const fresh = openSync(this.path, "a");
    closeSync(this.descriptor);
    this.descriptor = fresh;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function writeAll(descriptor: number, line: string): void {
  try {
    writeSync(descriptor, line);
  } catch {
    // EAGAIN of a full pipe, EPIPE, ENOSPC: there is no better place to say so than the one that just failed.
  }
}
