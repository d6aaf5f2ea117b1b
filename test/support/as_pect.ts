// Compiles a spec of `assembly/__tests__` with as-pect's library and runs it with as-pect's engine. The compiled spec is kept in build/
// under a hash of everything that it imports, so that an unchanged spec costs no compiler run.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EmptyReporter, TestContext } from "@as-pect/core";
import { instantiateSync } from "@assemblyscript/loader";
import { assemblySources } from "../../scripts/build/assembly_sources.ts";

export type TestNode = TestContext["rootNode"];

const execute = promisify(execFile);

const CACHE = "build/as_pect";
const COMPILER = "node_modules/assemblyscript/bin/asc.js";
const LIBRARY = "node_modules/@as-pect/assembly/assembly/index.ts";
const FLAGS = [
  ["--enable", "simd"],
  ["--enable", "threads"],
  ["--debug"],
  ["--exportStart", "_start"],
  ["--exportRuntime"],
  ["--exportTable"],
  ["--runtime", "incremental"],
  ["--config", "none"],
].flat();

/** Runs every test of a spec; the tree of groups and tests says how each ended. Throws with the compiler's words on a spec that does not compile. */
export async function runSpec(spec: string): Promise<TestNode> {
  const binary = await compiled(spec);
  const context = new TestContext({ fileName: spec, binary, reporter: new EmptyReporter() });
  const imports = context.createImports({ env: {}, ...ledgerFor(binary) });
  context.run(instantiateSync(binary, imports) as never);
  return context.rootNode;
}

async function compiled(spec: string): Promise<Uint8Array> {
  const file = join(CACHE, `${cacheKey(spec)}.wasm`);
  if (!existsSync(file)) {
    // A process and not `import "assemblyscript/asc"`: the types of that module declare AssemblyScript's globals (`i32`, its own
    // `console`) for the whole program, and two specs can be compiled at the same time.
    const fresh = `${file}.${process.pid}.wasm`;
    await execute(process.execPath, [COMPILER, LIBRARY, spec, ...FLAGS, "--outFile", fresh]).catch((error) => {
      throw new Error(`${spec} does not compile\n${error.stderr}`);
    });
    renameSync(fresh, file);
  }
  return readFileSync(file);
}

/** Hash of the spec, of every source that it reaches by import, of the flags and of the compiler's and library's versions. */
function cacheKey(spec: string): string {
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const name of ["assemblyscript", "@as-pect/assembly"])
    hash.update(readFileSync(`node_modules/${name}/package.json`));
  for (const file of assemblySources(spec)) hash.update(file).update(readFileSync(file));
  return hash.digest("hex").slice(0, 24);
}

/** The functions of the ledger for a spec that reaches code which calls it, on a memory of that spec's own. */
function ledgerFor(binary: Uint8Array): Record<string, Record<string, unknown>> {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(binary));
  if (!imports.some(({ module }) => module === "ledger")) return {};
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const abort = () => {
    throw new Error("the ledger aborted");
  };
  const ledger = new WebAssembly.Module(readFileSync("build/ledger.wasm"));
  return { ledger: new WebAssembly.Instance(ledger, { env: { memory, abort } }).exports };
}
