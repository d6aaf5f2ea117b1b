/**
 * From npm's `@grpc/grpc-js-xds` (which carries Envoy's `.proto` files) to one FileDescriptorSet, by buf. The files are
 * laid out in a work folder first: the package's own tree plus our overlay for what it lacks.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const MODULES = ["envoy-api", "xds", "googleapis"] as const;
/** Imports that no npm package gives us; files that ask for them (tracers that Envoy 1.40 dropped) are left out. */
const MISSING_IMPORT = /import (?:public )?"(?:opencensus|io\/prometheus|envoy\/config\/trace\/v3\/opencensus\.proto)/;
/** Files of Envoy's v3 API that can stand in a config: no services, no admin output. */
const WANTED =
  /^envoy\/(?!service\/|admin\/|data\/|watchdog\/).*\/v3(?:alpha)?\/[^/]+\.proto$|^(?:xds|udpa)\/type\/.*\.proto$/;

/** Rules messages that got `ignore_empty` after the release that the package carries, and its number in each. */
const IGNORE_EMPTY: Readonly<Record<string, number>> = {
  FloatRules: 8,
  DoubleRules: 8,
  Int32Rules: 8,
  Int64Rules: 8,
  UInt32Rules: 8,
  UInt64Rules: 8,
  SInt32Rules: 8,
  SInt64Rules: 8,
  Fixed32Rules: 8,
  Fixed64Rules: 8,
  SFixed32Rules: 8,
  SFixed64Rules: 8,
  StringRules: 26,
  BytesRules: 14,
  RepeatedRules: 5,
  MapRules: 6,
};

/** Lays the files out below `workFolder`, runs buf there and returns the FileDescriptorSet in protobuf's wire format. */
export function compileProtos(root: string, overlay: string, workFolder: string): Uint8Array {
  const deps = join(root, "node_modules/@grpc/grpc-js-xds/deps");
  rmSync(workFolder, { recursive: true, force: true });
  for (const module of MODULES) cpSync(join(deps, module), join(workFolder, module), { recursive: true });
  cpSync(overlay, join(workFolder, "overlay"), { recursive: true });
  mkdirSync(join(workFolder, "overlay/validate"), { recursive: true });
  const validate = readFileSync(join(deps, "protoc-gen-validate/validate/validate.proto"), "utf8");
  writeFileSync(join(workFolder, "overlay/validate/validate.proto"), withIgnoreEmpty(validate));
  const modules = ["overlay", ...MODULES];
  writeFileSync(
    join(workFolder, "buf.yaml"),
    `version: v2\nmodules:\n${modules.map((name) => `  - path: ${name}\n`).join("")}`,
  );

  const paths = ["envoy-api", "xds"].flatMap((module) =>
    readdirSync(join(workFolder, module), { recursive: true, encoding: "utf8" })
      .filter((path) => WANTED.test(path))
      .map((path) => join(module, path))
      .filter((path) => !MISSING_IMPORT.test(readFileSync(join(workFolder, path), "utf8")))
      .sort(),
  );
  const output = "envoy.binpb";
  const args = ["build", "--exclude-source-info", "-o", output, ...paths.flatMap((path) => ["--path", path])];
  execFileSync(bufBinary(root), args, { cwd: workFolder, stdio: ["ignore", "inherit", "inherit"] });
  return readFileSync(join(workFolder, output));
}

/** The platform's binary itself: the launcher beside it wants an install script that npm may not have run. */
function bufBinary(root: string): string {
  const require = createRequire(join(root, "package.json"));
  const platform = `@bufbuild/buf-${process.platform}-${process.arch}`;
  return join(dirname(require.resolve(`${platform}/package.json`)), "bin/buf");
}

function withIgnoreEmpty(proto: string): string {
  let text = proto;
  for (const [message, number] of Object.entries(IGNORE_EMPTY)) {
    const start = text.indexOf(`message ${message} {`);
    if (start < 0) throw new Error(`validate.proto has no ${message}`);
    const end = text.indexOf("\nmessage ", start + 1);
    if (text.slice(start, end < 0 ? undefined : end).includes("ignore_empty")) continue;
    const brace = text.indexOf("{", start) + 1;
    text = `${text.slice(0, brace)}\n    optional bool ignore_empty = ${number};${text.slice(brace)}`;
  }
  return text;
}
