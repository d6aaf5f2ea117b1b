/** How operators are declared: a name, what may follow it, and how it is compiled. */

import type { StreamInfo } from "../../stream_info/stream_info.ts";
import { FormatError, type FormatPiece } from "../format_text.ts";

/** What an operator gives: a number, boolean or structure keeps its type in JSON; undefined: not known. */
export type FormatValue = string | number | boolean | object | undefined;

/** One operator with its argument, over one stream. */
export type Operator = (info: StreamInfo) => FormatValue;

export type Command = Exclude<FormatPiece, { readonly literal: string }>;

/** One row of the list of operators. */
export type OperatorKind = {
  /** Whether an argument in parentheses must stand, may stand or must not. */
  readonly argument: "none" | "optional" | "required";
  /** Whether `:length` may follow; the value is then cut to so many characters. */
  readonly takesLength?: boolean;
  /** Throws FormatError for an argument that makes no sense. */
  compile(argument: string, command: Command): Operator;
};

export type OperatorFamily = Readonly<Record<string, OperatorKind>>;

/** An operator without argument or length. */
export function plain(read: Operator): OperatorKind {
  return { argument: "none", compile: () => read };
}

/** An operator without argument whose empty text means "not known". */
export function plainText(read: (info: StreamInfo) => string): OperatorKind {
  return plain((info) => {
    const text = read(info);
    return text === "" ? undefined : text;
  });
}

/** Checks what stands behind the operator's name, compiles it and cuts it to its length. Throws FormatError. */
export function compileKind(kind: OperatorKind, command: Command): Operator {
  const { argument, maxLength, position } = command;
  if (kind.argument === "none" && (argument !== undefined || (maxLength !== undefined && kind.takesLength !== true))) {
    throw new FormatError(position, `${command.command} does not take any parameters or length`);
  }
  if (kind.argument === "required" && (argument === undefined || argument === "")) {
    throw new FormatError(position, `${command.command} requires parameters`);
  }
  if (maxLength !== undefined && kind.takesLength !== true) {
    throw new FormatError(position, `${command.command} does not allow length to be specified`);
  }
  const read = kind.compile(argument ?? "", command);
  if (maxLength === undefined) return read;
  return (info) => {
    const value = read(info);
    if (typeof value === "string") return value.slice(0, maxLength);
    return typeof value === "object" ? JSON.stringify(value).slice(0, maxLength) : value;
  };
}
