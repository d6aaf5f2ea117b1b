/**
 * Compiles a log format of spdlog's syntax, which Envoy's `--log-format` takes, to a function from record to line.
 *
 * Known: `%v` message, `%j` and `%_` message with its newlines escaped, `%l` `%L` level, `%n` logger, `%t` thread, `%P` process, `%s` file, `%g` path,
 * `%#` line, `%@` path:line, the dates and times of spdlog, `%%`. Padding (`%8l`, `%-8l`, `%=8l`) is applied; colours (`%^`, `%$`) are
 * left out. A flag that is none stays as it is written, as in spdlog.
 */

import { MONTHS, WEEKDAYS } from "./calendar_names.ts";
import type { LoggerName, LogLevel } from "./level.ts";

export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
  readonly level: LogLevel;
  readonly logger: LoggerName;
  readonly thread: number;
  readonly message: string;
  /** Where the call stands, relative to the root of the tree; empty when unknown. */
  readonly path: string;
  readonly line: number;
}

/** Envoy's default. */
export const DEFAULT_LOG_FORMAT = "[%Y-%m-%d %T.%e][%t][%l][%n] [%g:%#] %v";

type Part = (record: LogRecord, date: Date) => string;

/** One line without its newline. */
export function compileLogFormat(format: string): (record: LogRecord) => string {
  const parts: Part[] = [];
  const flag = /%([-=]?)(\d*)([^-=\d])/gs;
  let from = 0;
  for (const match of format.matchAll(flag)) {
    const [text, align, width, letter] = match as unknown as [string, string, string, string];
    parts.push(literal(format.slice(from, match.index)));
    from = match.index + text.length;
    const known = FLAGS[letter];
    parts.push(known === undefined ? literal(text) : width === "" ? known : padded(known, align, Number(width)));
  }
  parts.push(literal(format.slice(from)));
  return (record) => {
    const date = new Date(record.wallMs);
    let line = "";
    for (const part of parts) line += part(record, date);
    return line;
  };
}

function literal(text: string): Part {
  return () => text;
}

/** spdlog pads on the left, `-` on the right, `=` on both sides; 64 is its widest. */
function padded(part: Part, align: string, width: number): Part {
  const wanted = Math.min(width, 64);
  return (record, date) => {
    const text = part(record, date);
    if (align === "-") return text.padEnd(wanted);
    if (align === "=") return text.padStart(text.length + ((wanted - text.length) >> 1)).padEnd(wanted);
    return text.padStart(wanted);
  };
}

const two = (n: number) => String(n).padStart(2, "0");
const hour12 = (date: Date) => two(date.getHours() % 12 === 0 ? 12 : date.getHours() % 12);
const half = (date: Date) => (date.getHours() < 12 ? "AM" : "PM");
const clock = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
const weekday = (date: Date) => WEEKDAYS[date.getDay()] as string;
const month = (date: Date) => MONTHS[date.getMonth()] as string;

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Newlines as `\n`, so that one record is one line: Envoy's `%_`. */
export function escapeNewlines(message: string): string {
  return message.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

const FLAGS: Readonly<Record<string, Part>> = {
  v: (record) => record.message,
  j: (record) => JSON.stringify(record.message).slice(1, -1),
  _: (record) => escapeNewlines(record.message),
  l: (record) => record.level,
  L: (record) => record.level.slice(0, 1).toUpperCase(),
  n: (record) => record.logger,
  t: (record) => String(record.thread),
  P: () => String(process.pid),
  s: (record) => baseName(record.path),
  g: (record) => record.path,
  "#": (record) => String(record.line),
  "@": (record) => `${record.path}:${record.line}`,
  "!": () => "",
  "^": () => "",
  $: () => "",
  "%": () => "%",
  Y: (_, date) => String(date.getFullYear()),
  C: (_, date) => two(date.getFullYear() % 100),
  m: (_, date) => two(date.getMonth() + 1),
  d: (_, date) => two(date.getDate()),
  D: (_, date) => `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`,
  x: (_, date) => `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`,
  a: (_, date) => weekday(date).slice(0, 3),
  A: (_, date) => weekday(date),
  b: (_, date) => month(date).slice(0, 3),
  h: (_, date) => month(date).slice(0, 3),
  B: (_, date) => month(date),
  c: (_, date) =>
    `${weekday(date).slice(0, 3)} ${month(date).slice(0, 3)} ${String(date.getDate()).padStart(2)} ${clock(date)} ${date.getFullYear()}`,
  H: (_, date) => two(date.getHours()),
  I: (_, date) => hour12(date),
  M: (_, date) => two(date.getMinutes()),
  S: (_, date) => two(date.getSeconds()),
  e: (_, date) => String(date.getMilliseconds()).padStart(3, "0"),
  f: (_, date) => `${String(date.getMilliseconds()).padStart(3, "0")}000`,
  F: (_, date) => `${String(date.getMilliseconds()).padStart(3, "0")}000000`,
  p: (_, date) => half(date),
  r: (_, date) => `${hour12(date)}:${two(date.getMinutes())}:${two(date.getSeconds())} ${half(date)}`,
  R: (_, date) => `${two(date.getHours())}:${two(date.getMinutes())}`,
  T: (_, date) => clock(date),
  X: (_, date) => clock(date),
  z: (_, date) => zone(date),
  E: (record) => String(Math.floor(record.wallMs / 1000)),
};
