// `npm run setup`: installs what package-lock.json names if that is not installed, then builds what is not built. Runs on the
// machine's own Node (20 or newer) and needs no package, because it is what brings them. Costs a fraction of a second when all is there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

const STAMP = "node_modules/.nuncio-lock-hash";
const OLDEST_NODE = 20;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  console.error(`nuncio needs Node ${OLDEST_NODE} or newer to install itself; this is ${process.version}`);
  process.exit(1);
}
install();
build();

function install() {
  const wanted = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  const stamp = readStamp();
  if (stamp === wanted || (stamp === "" && npmInstalledIt())) {
    if (stamp === "") writeFileSync(STAMP, wanted);
    return;
  }
  console.log("installing packages (npm ci) ...");
  // No install script is needed: each binary that we use (Node, esbuild, buf, biome) comes in a package of its own.
  run(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    "npm ci failed; the lines above say why",
  );
  writeFileSync(STAMP, wanted);
}

/** Hash of the lock file that node_modules was installed from; "" when there is none. */
function readStamp() {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return "";
  }
}

/** Whether somebody ran npm by hand: its record of what it installed is younger than the lock file. */
function npmInstalledIt() {
  const record = statSync("node_modules/.package-lock.json", { throwIfNoEntry: false });
  return record !== undefined && record.mtimeMs >= statSync("package-lock.json").mtimeMs;
}

function build() {
  const quiet = process.argv.includes("--quiet") ? ["--quiet"] : [];
  run("scripts/node", ["scripts/build.ts", ...quiet], "");
}

function run(command, args, explanation) {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status === 0) return;
  if (error) console.error(`${command}: ${error.message}`);
  if (explanation) console.error(explanation);
  process.exit(status ?? 1);
}
