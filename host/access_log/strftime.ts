/**
 * strftime with the additions of Envoy and Abseil: `%s` seconds since the epoch, `%3f` digits of the fraction, `%E3S`
 * seconds with a fraction, `%Ez` zone with a colon. The English names of the C locale.
 */

import { MONTHS, WEEKDAYS } from "../log/calendar_names.ts";

const NANOS_DIGITS = 9;
const DAY_MS = 86_400_000;

/** A moment taken apart. `date` shows the local time in its UTC fields. */
type Parts = {
  readonly date: Date;
  readonly epochSeconds: number;
  readonly nanos: number;
  readonly offsetMinutes: number;
};
type Piece = (parts: Parts) => string;

/** Compiles a format to a function of milliseconds since the epoch (fractions count). What is no conversion stands as it is. */
export function compileStrftime(format: string, local: boolean): (ms: number) => string {
  const pieces = [...parse(format)];
  return (ms) => {
    const epochSeconds = Math.floor(ms / 1000);
    const offsetMinutes = local ? -new Date(ms).getTimezoneOffset() : 0;
    const parts: Parts = {
      date: new Date(ms + offsetMinutes * 60_000),
      epochSeconds,
      nanos: Math.floor((ms - epochSeconds * 1000) * 1e6),
      offsetMinutes,
    };
    let text = "";
    for (const piece of pieces) text += typeof piece === "string" ? piece : piece(parts);
    return text;
  };
}

// %E3S %E*f %Ez %E4Y | %3f | flags of GNU (ignored but for their place) | one letter
const CONVERSION = /%(?:E([0-9]+|\*)?([SfzYTn])|([1-9])f|[-_0^#]*[EO]?([A-Za-z%]))/g;

function* parse(format: string): Generator<string | Piece> {
  let at = 0;
  for (const found of format.matchAll(CONVERSION)) {
    if (found.index > at) yield format.slice(at, found.index);
    at = found.index + found[0].length;
    const [whole, precision, extended, digits, letter] = found;
    if (extended !== undefined) yield extendedPiece(precision, extended, whole);
    else if (digits !== undefined) yield (parts) => fraction(parts, Number(digits));
    else yield PIECES[letter ?? ""] ?? whole;
  }
  if (at < format.length) yield format.slice(at);
}

function extendedPiece(precision: string | undefined, letter: string, whole: string): string | Piece {
  const digits = precision === undefined ? 0 : precision === "*" ? "*" : Number(precision);
  if (letter === "z") return (parts) => zone(parts, ":");
  if (letter === "f") return (parts) => subsecond(parts, digits);
  if (letter === "Y") return (parts) => String(parts.date.getUTCFullYear()).padStart(4, "0");
  if (letter === "T") return "T";
  if (letter === "S") {
    return (parts) => {
      const rest = subsecond(parts, digits);
      return rest === "" ? two(parts.date.getUTCSeconds()) : `${two(parts.date.getUTCSeconds())}.${rest}`;
    };
  }
  return whole;
}

const PIECES: Readonly<Record<string, string | Piece>> = {
  "%": "%",
  t: "\t",
  a: ({ date }) => (WEEKDAYS[date.getUTCDay()] ?? "").slice(0, 3),
  A: ({ date }) => WEEKDAYS[date.getUTCDay()] ?? "",
  b: ({ date }) => (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3),
  h: ({ date }) => (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3),
  B: ({ date }) => MONTHS[date.getUTCMonth()] ?? "",
  c: (parts) => all(parts, "a", " ", "b", " ", "e", " ", "T", " ", "Y"),
  C: ({ date }) => two(Math.floor(date.getUTCFullYear() / 100)),
  d: ({ date }) => two(date.getUTCDate()),
  D: (parts) => all(parts, "m", "/", "d", "/", "y"),
  e: ({ date }) => String(date.getUTCDate()).padStart(2, " "),
  f: (parts) => fraction(parts, NANOS_DIGITS),
  F: (parts) => all(parts, "Y", "-", "m", "-", "d"),
  g: ({ date }) => two(isoWeek(date).year % 100),
  G: ({ date }) => String(isoWeek(date).year),
  H: ({ date }) => two(date.getUTCHours()),
  I: ({ date }) => two(date.getUTCHours() % 12 || 12),
  j: ({ date }) => String(dayOfYear(date) + 1).padStart(3, "0"),
  k: ({ date }) => String(date.getUTCHours()).padStart(2, " "),
  l: ({ date }) => String(date.getUTCHours() % 12 || 12).padStart(2, " "),
  m: ({ date }) => two(date.getUTCMonth() + 1),
  M: ({ date }) => two(date.getUTCMinutes()),
  p: ({ date }) => (date.getUTCHours() < 12 ? "AM" : "PM"),
  P: ({ date }) => (date.getUTCHours() < 12 ? "am" : "pm"),
  r: (parts) => all(parts, "I", ":", "M", ":", "S", " ", "p"),
  R: (parts) => all(parts, "H", ":", "M"),
  s: ({ epochSeconds }) => String(epochSeconds),
  S: ({ date }) => two(date.getUTCSeconds()),
  T: (parts) => all(parts, "H", ":", "M", ":", "S"),
  u: ({ date }) => String(date.getUTCDay() || 7),
  U: ({ date }) => two(Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7)),
  V: ({ date }) => two(isoWeek(date).week),
  w: ({ date }) => String(date.getUTCDay()),
  W: ({ date }) => two(Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
  x: (parts) => all(parts, "D"),
  X: (parts) => all(parts, "T"),
  y: ({ date }) => two(date.getUTCFullYear() % 100),
  Y: ({ date }) => String(date.getUTCFullYear()),
  z: (parts) => zone(parts, ""),
  Z: (parts) => (parts.offsetMinutes === 0 ? "UTC" : zone(parts, "")),
};

function all(parts: Parts, ...pieces: string[]): string {
  return pieces
    .map((name) => {
      const piece = PIECES[name];
      return typeof piece === "function" ? piece(parts) : name;
    })
    .join("");
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The first digits of the fraction of the second. */
function fraction(parts: Parts, digits: number): string {
  return String(parts.nanos).padStart(NANOS_DIGITS, "0").slice(0, digits);
}

/** The same; `*`: as many as are not zero. */
function subsecond(parts: Parts, digits: number | "*"): string {
  if (digits !== "*") return fraction(parts, digits).padEnd(digits, "0");
  return fraction(parts, NANOS_DIGITS).replace(/0+$/, "");
}

function zone({ offsetMinutes }: Parts, colon: string): string {
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS);
}

/** ISO 8601: the week that holds the year's first Thursday is week 1. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  return { year: thursday.getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}
