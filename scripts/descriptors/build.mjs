/**
 * Makes `host/config/proto/schema.gen.json`, the schema by which the config door reads Envoy's v3 API, out of the
 * `.proto` files of an npm package and the facts in `envoy_1.40_additions.tsv`. Does nothing when no input has changed.
 *
 *     node scripts/descriptors/build.mjs
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const output = join(root, "host/config/proto/schema.gen.json");
const stamp = join(root, "build/descriptors.stamp");

/** A hash over everything that the schema is made from: these scripts, their data, the package's version. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const path of readdirSync(here, { recursive: true, encoding: "utf8" }).sort()) {
    if (/\.(?:mjs|ts|tsv|proto)$/.test(path)) hash.update(path).update(readFileSync(join(here, path)));
  }
  hash.update(readFileSync(join(root, "node_modules/@grpc/grpc-js-xds/package.json")));
  return hash.digest("hex");
}

/** Builds the schema if an input changed since the last time. Returns whether it did. */
export async function buildSchema() {
  const wanted = fingerprint();
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return false;
  // Imported only now: a build that has nothing to do should not pay for protobuf.
  const [{ compileProtos }, { modelOfDescriptors }, { mergeAdditions }, { writeSchema }] = await Promise.all([
    import("./protos.ts"),
    import("./from_descriptors.ts"),
    import("./additions.ts"),
    import("./write_schema.ts"),
  ]);
  const model = modelOfDescriptors(compileProtos(root, join(here, "overlay"), join(root, "build/descriptors")));
  mergeAdditions(model, readFileSync(join(here, "envoy_1.40_additions.tsv"), "utf8"));
  mkdirSync(dirname(output), { recursive: true });
  // Renamed into place, so that a reader never sees half of it.
  writeFileSync(`${output}.part`, writeSchema(model));
  renameSync(`${output}.part`, output);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const start = performance.now();
  const built = await buildSchema();
  console.log(`schema: ${built ? "built" : "unchanged"} in ${Math.round(performance.now() - start)} ms`);
}
