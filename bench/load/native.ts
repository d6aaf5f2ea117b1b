/**
 * Generator, upstream and floor are C, so that what surrounds the proxy costs far less than the proxy. They are compiled
 * when the bench starts (under a second); where no C compiler is installed, the TypeScript twins of the first two step
 * in, dearer by a factor of about three, and the floor is skipped.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findProgram } from "../machine/find.ts";

export interface Program {
  readonly command: string;
  readonly arguments: readonly string[];
}

export interface Native {
  readonly load: Program;
  readonly upstream: Program;
  /** Absent without a C compiler. */
  readonly forward: Program | undefined;
}

export function buildNative(folder: string): Native {
  const compiler = findProgram("gcc") ?? findProgram("cc");
  if (compiler === undefined) {
    console.log(
      "SKIPPED C generator, upstream and floor: no C compiler; the TypeScript generator and upstream step in",
    );
    return { load: twin("load.ts"), upstream: twin("upstream.ts"), forward: undefined };
  }
  const compile = (name: string): Program => {
    const output = join(folder, name);
    execFileSync(compiler, ["-O2", "-o", output, join(import.meta.dirname, `${name}.c`)]);
    return { command: output, arguments: [] };
  };
  return { load: compile("load"), upstream: compile("upstream"), forward: compile("forward") };
}

/** The TypeScript twin of a C program: same arguments, same lines. */
export function twin(file: string): Program {
  return { command: process.execPath, arguments: [join(import.meta.dirname, file)] };
}
