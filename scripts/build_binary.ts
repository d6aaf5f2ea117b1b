// `npm run build:binary`: dist/nuncio, one executable file with Node, the code, the modules and the quickstart inside.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ASSETS, THREADS } from "../host/wasm/assets.ts";
import { writeBundle } from "./build/bundle.ts";
import { run } from "./build/run.ts";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

const OUTPUT = "dist/nuncio";
const WORK = "build/binary";
const CODE = `${WORK}/code`;
/** Node looks for its blob under this word; postject turns the last digit of it in the executable from 0 to 1. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

await writeBundle("binary", { main: "host/main.ts" }, CODE);
await writeBlob();
await writeExecutable();
console.log(`${OUTPUT}: ${Math.round(statSync(OUTPUT).size / 1e6)} MB`);

async function writeBlob(): Promise<void> {
  const threads = Object.keys(THREADS).map((name) => [`${name}.js`, `${CODE}/${name}.js`]);
  const config = {
    main: `${CODE}/main.js`,
    output: `${WORK}/blob`,
    disableExperimentalSEAWarning: true,
    // No code cache: it saves 30 ms of a start of 130, and costs 19 MB for as long as the proxy runs.
    execArgv: nodeFlags(),
    assets: { ...ASSETS, ...Object.fromEntries(threads) },
  };
  writeFileSync(`${WORK}/sea.json`, JSON.stringify(config));
  await run(process.execPath, ["--experimental-sea-config", `${WORK}/sea.json`]);
}

/** The flags that bin/nuncio gives to Node: it is their one author. */
function nodeFlags(): string[] {
  const flags = /scripts\/node"((?: --\S+)*) "\$entry"/.exec(readFileSync("bin/nuncio", "utf8"))?.[1];
  if (flags === undefined) throw new Error("bin/nuncio no longer has the line that starts Node");
  return flags.split(" ").filter((flag) => flag !== "");
}

async function writeExecutable(): Promise<void> {
  const fresh = `${WORK}/nuncio`;
  copyFileSync(process.execPath, fresh);
  chmodSync(fresh, 0o755);
  await strip(fresh);
  await run(process.execPath, [
    "node_modules/postject/dist/cli.js",
    fresh,
    "NODE_SEA_BLOB",
    `${WORK}/blob`,
    "--sentinel-fuse",
    FUSE,
  ]);
  mkdirSync("dist", { recursive: true });
  rmSync(OUTPUT, { force: true }); // A running executable cannot be written over, but its name can be given away.
  renameSync(fresh, OUTPUT);
}

/** Symbols are a tenth of the file. Stripping comes before the blob, which it would cut off; without `strip` the file is larger. */
async function strip(file: string): Promise<void> {
  await run("strip", [file]).catch((error: Error) => console.log(`not stripped: ${error.message.split("\n")[0]}`));
}
