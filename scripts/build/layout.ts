// Offsets have one author, the compiler. The modules export theirs as constant globals (`export const X = offsetof<T>("x")`, enums),
// and this step asks them: it writes host/wasm/layout.gen.ts with every constant, and with the signature of every export.
import { readFileSync, renameSync, writeFileSync } from "node:fs";

type Constant = number | bigint;

/** What asconfig.json says of a module's memory, in pages of 64 KiB. */
interface Target {
  readonly initialMemory?: number;
  readonly maximumMemory?: number;
  readonly sharedMemory?: boolean;
}

export const LAYOUT_FILE = "host/wasm/layout.gen.ts";

/** Modules in the order in which their constants are written, with the interface that lists their functions. */
const MODULES = [
  { name: "core", interfaceName: "CoreExports" },
  { name: "ledger", interfaceName: "LedgerExports" },
];

export function writeLayout(): void {
  writeFileSync(`${LAYOUT_FILE}.tmp`, layoutText());
  renameSync(`${LAYOUT_FILE}.tmp`, LAYOUT_FILE);
}

/** The layout file's text, from build/core.wasm, build/ledger.wasm and the `.d.ts` beside each, which knows signs and doc comments. */
export function layoutText(): string {
  const options = JSON.parse(readFileSync("asconfig.json", "utf8")) as { targets: Record<string, Target> };
  const constants = new Map<string, Constant>();
  const interfaces: string[] = [];
  for (const { name, interfaceName } of MODULES) {
    const types = readFileSync(`build/${name}.d.ts`, "utf8");
    const exports = instantiate(name, options.targets[name] ?? {});
    for (const [key, value] of constantsOf(exports, types)) {
      const known = constants.get(key);
      if (known !== undefined && String(known) !== String(value)) {
        throw new Error(`layout: ${key} is ${known} in one module and ${value} in ${name}`);
      }
      constants.set(key, value);
    }
    interfaces.push(interfaceOf(name, interfaceName, types));
  }
  return `${HEAD}\n${print(constants)}\n${interfaces.join("\n")}`;
}

const HEAD = `// Written by scripts/build/layout.ts from the compiled modules. Do not edit: change assembly/ and build.
// Functions give i32 and u32 alike as signed numbers; a u32 above 2^31 needs \`>>> 0\`.
`;

function instantiate(name: string, target: Target): Record<string, unknown> {
  const module = new WebAssembly.Module(readFileSync(`build/${name}.wasm`));
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name: key, kind } of WebAssembly.Module.imports(module)) {
    const value = kind === "memory" ? memoryFor(target) : () => 0;
    imports[from] = { ...imports[from], [key]: value };
  }
  return new WebAssembly.Instance(module, imports).exports;
}

function memoryFor({ initialMemory = 1, maximumMemory, sharedMemory = false }: Target): WebAssembly.Memory {
  return new WebAssembly.Memory({
    initial: initialMemory,
    maximum: maximumMemory ?? initialMemory,
    shared: sharedMemory,
  });
}

/** Pairs of export name and value, in the module's order. Unsigned types are printed unsigned. */
function* constantsOf(exports: Record<string, unknown>, types: string): Generator<[string, Constant]> {
  for (const [key, global] of Object.entries(exports)) {
    if (!(global instanceof WebAssembly.Global)) continue;
    yield [key, isUnsigned(key, types) ? unsigned(global.value) : global.value];
  }
}

function isUnsigned(key: string, types: string): boolean {
  const at = types.match(new RegExp(`export const ${key}: \\{\\s*/\\*\\* @type \`(\\w+)\``));
  return at !== null && /^(u|bool)/.test(at[1] as string);
}

function unsigned(value: Constant): Constant {
  return typeof value === "bigint" ? BigInt.asUintN(64, value) : value >>> 0;
}

/** Constants one a line; the members of an enum (`Result.Ok` among the exports) as one object of the enum's name. */
function print(constants: ReadonlyMap<string, Constant>): string {
  const lines: string[] = [];
  const enums = new Map<string, string[]>();
  for (const [key, value] of constants) {
    const dot = key.indexOf(".");
    const literal = typeof value === "bigint" ? `${value}n` : String(value);
    if (dot < 0) {
      lines.push(`export const ${key} = ${literal};`);
      continue;
    }
    const members = enums.get(key.slice(0, dot)) ?? [];
    members.push(`  ${key.slice(dot + 1)}: ${literal},`);
    enums.set(key.slice(0, dot), members);
  }
  for (const [name, members] of enums) lines.push("", `export const ${name} = {`, ...members, "} as const;");
  return `${lines.join("\n")}\n`;
}

/** The functions of a module as a TypeScript interface, with the doc comments that asc wrote. */
function interfaceOf(name: string, interfaceName: string, types: string): string {
  const lines = [
    `/** Functions of ${name}.wasm. */`,
    `export interface ${interfaceName} {`,
    "  readonly memory: WebAssembly.Memory;",
  ];
  const pattern = /( {2}\/\*\*\n(?: {3}\*[^\n]*\n)+)? {2}export function (\w+\([^\n]*\): \w+);/g;
  for (const [, comment, signature] of types.matchAll(pattern)) {
    // A bool crosses as the number 0 or 1: asc's type is of its own wrappers, which nobody uses here.
    lines.push(`${comment ?? ""}  ${(signature as string).replaceAll("boolean", "number")};`);
  }
  return `${lines.join("\n")}\n}\n`;
}
