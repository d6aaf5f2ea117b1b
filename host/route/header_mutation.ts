/**
 * Header mutations of a route at all their levels, compiled to steps: programs for the core where nothing needs formatting
 * (levels that follow each other share one), and levels with operators (`%REQ(x)%`) as functions.
 *
 * Within a level Envoy removes first; then it formats all values and looks which headers exist, before it changes any;
 * then it overwrites, then it adds.
 */

import { constantText } from "../access_log/format_text.ts";
import { compileText, type Formatter } from "../access_log/formatter.ts";
import type { HeaderAppendAction, HeaderValueOption } from "../config/types/core.ts";
import type { StreamInfo } from "../stream_info/stream_info.ts";
import type { HeaderMap } from "../wasm/header_view.ts";
import {
  MUTATE_ADD,
  MUTATE_ADD_IF_ABSENT,
  MUTATE_JOIN,
  MUTATE_REMOVE,
  MUTATE_SET,
  MUTATE_SET_IF_PRESENT,
  MUTATION_BYTES,
  MUTATION_ID,
  MUTATION_KIND,
  MUTATION_NAME,
  MUTATION_NAME_LENGTH,
  MUTATION_VALUE,
  MUTATION_VALUE_LENGTH,
  MUTATIONS_COUNT,
  MUTATIONS_FIRST,
} from "../wasm/layout.gen.ts";
import { utf8AsLatin1 } from "../wasm/text.ts";
import type { RouteContext } from "./context.ts";
import { type Direction, isJoined } from "./joined_headers.ts";
import type { ProgramMemory } from "./program_memory.ts";
import { lowerAscii, ProgramWriter } from "./program_writer.ts";
import type { HeaderMutations } from "./route_entry.ts";

/** What one level (route table, virtual host, route, weighted cluster) asks for. */
export type MutationLevel = {
  readonly add: readonly HeaderValueOption[] | undefined;
  readonly remove: readonly string[] | undefined;
};

type Addition = {
  readonly name: string;
  readonly action: HeaderAppendAction;
  readonly keepEmpty: boolean;
  /** The value in latin1, or how to make it. */
  readonly value: string | Formatter;
};

type Level = { readonly removals: readonly string[]; readonly additions: readonly Addition[] };

/** One step over a head. @returns false: no room */
type Step = (headers: HeaderMap, info: StreamInfo) => boolean;

export const NO_MUTATIONS: HeaderMutations = { empty: true, apply: () => true };

/** Compiles levels in the order in which they apply. Throws FormatError, ConfigArenaFull. */
export function compileMutations(
  levels: readonly MutationLevel[],
  direction: Direction,
  context: RouteContext,
  memory: ProgramMemory,
): HeaderMutations {
  const steps: Step[] = [];
  let program: StaticOp[] = [];
  const flush = () => {
    if (program.length > 0) steps.push(staticStep(program, context, memory));
    program = [];
  };
  for (const level of levels.map(decode)) {
    if (isStatic(level)) {
      program.push(...staticOps(level, direction));
    } else {
      flush();
      steps.push(dynamicStep(level, direction));
    }
  }
  flush();
  const [first, second] = steps;
  if (first === undefined) return NO_MUTATIONS;
  if (second === undefined) return { empty: false, apply: first };
  return {
    empty: false,
    apply(headers, info) {
      for (const step of steps) if (!step(headers, info)) return false;
      return true;
    },
  };
}

function decode(level: MutationLevel): Level {
  return {
    removals: (level.remove ?? []).map(lowerAscii),
    additions: (level.add ?? []).map((option) => {
      const { header } = option;
      const format = header.value ?? "";
      const constant = constantText(format);
      return {
        name: lowerAscii(header.key),
        action: actionOf(option),
        keepEmpty: option.keep_empty_value === true,
        value: constant === undefined ? compileText(format, true) : utf8AsLatin1(constant),
      };
    }),
  };
}

function actionOf(option: HeaderValueOption): HeaderAppendAction {
  if (option.append !== undefined) return option.append ? "APPEND_IF_EXISTS_OR_ADD" : "OVERWRITE_IF_EXISTS_OR_ADD";
  return option.append_action ?? "APPEND_IF_EXISTS_OR_ADD";
}

/** Static: all values are known, and no condition looks at a header that the same level changes. */
function isStatic(level: Level): boolean {
  const names = level.additions.map((addition) => addition.name);
  return level.additions.every(
    ({ name, action, value }) =>
      typeof value === "string" &&
      ((action !== "ADD_IF_ABSENT" && action !== "OVERWRITE_IF_EXISTS") ||
        names.filter((n) => n === name).length === 1),
  );
}

type StaticOp = { readonly kind: number; readonly name: string; readonly value: string };

function staticOps(level: Level, direction: Direction): StaticOp[] {
  const removals = level.removals.map((name) => ({ kind: MUTATE_REMOVE, name, value: "" }));
  const overwrites: StaticOp[] = [];
  const additions: StaticOp[] = [];
  for (const { name, action, keepEmpty, value } of level.additions) {
    if (typeof value !== "string" || (value === "" && !keepEmpty)) continue;
    if (action === "OVERWRITE_IF_EXISTS_OR_ADD") overwrites.push({ kind: MUTATE_SET, name, value });
    else if (action === "OVERWRITE_IF_EXISTS") overwrites.push({ kind: MUTATE_SET_IF_PRESENT, name, value });
    else if (action === "ADD_IF_ABSENT") additions.push({ kind: MUTATE_ADD_IF_ABSENT, name, value });
    else additions.push({ kind: isJoined(name, direction) ? MUTATE_JOIN : MUTATE_ADD, name, value });
  }
  return [...removals, ...overwrites, ...additions];
}

function staticStep(ops: readonly StaticOp[], context: RouteContext, memory: ProgramMemory): Step {
  const { core } = context;
  const writer = new ProgramWriter();
  const start = writer.reserve(MUTATIONS_FIRST + ops.length * MUTATION_BYTES);
  writer.u32(start + MUTATIONS_COUNT, ops.length);
  ops.forEach((op, i) => {
    const at = start + MUTATIONS_FIRST + i * MUTATION_BYTES;
    writer.u32(at + MUTATION_KIND, op.kind);
    writer.u32(at + MUTATION_ID, core.headerId(op.name));
    writer.u32(at + MUTATION_NAME, writer.text(Buffer.from(op.name, "latin1")));
    writer.u32(at + MUTATION_NAME_LENGTH, op.name.length);
    writer.u32(at + MUTATION_VALUE, writer.text(Buffer.from(op.value, "latin1")));
    writer.u32(at + MUTATION_VALUE_LENGTH, op.value.length);
  });
  const program = memory.store(writer.finish());
  const count = ops.length;
  return (headers) => {
    headers.block = core.exports.headerMutate(headers.block, program);
    return core.result(0) === count;
  };
}

/** Bytes that would end a field line. Values are made of what peers sent: they must not write lines of their own. */
const LINE_BREAKERS = /[\0\r\n]/g;

function dynamicStep(level: Level, direction: Direction): Step {
  return (headers, info) => {
    for (const name of level.removals) headers.remove(name);
    const overwrites: string[] = [];
    const additions: string[] = [];
    for (const { name, action, keepEmpty, value } of level.additions) {
      const text = typeof value === "string" ? value : value(info).replace(LINE_BREAKERS, "");
      if (text === "" && !keepEmpty) continue;
      if (action === "ADD_IF_ABSENT" && headers.has(name)) continue;
      if (action === "OVERWRITE_IF_EXISTS" && !headers.has(name)) continue;
      const overwrite = action === "OVERWRITE_IF_EXISTS" || action === "OVERWRITE_IF_EXISTS_OR_ADD";
      (overwrite ? overwrites : additions).push(name, text);
    }
    for (let i = 0; i < overwrites.length; i += 2) {
      if (!headers.set(overwrites[i] ?? "", overwrites[i + 1] ?? "")) return false;
    }
    for (let i = 0; i < additions.length; i += 2) {
      if (!addOne(headers, additions[i] ?? "", additions[i + 1] ?? "", direction)) return false;
    }
    return true;
  };
}

function addOne(headers: HeaderMap, name: string, value: string, direction: Direction): boolean {
  const before = isJoined(name, direction) ? headers.get(name) : undefined;
  return before === undefined ? headers.add(name, value) : headers.set(name, `${before},${value}`);
}
