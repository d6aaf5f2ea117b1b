// `npm pack` calls it: dist/package, what an installed Nuncio consists of beside bin/. Node runs TypeScript in a checkout, but refuses
// it below node_modules.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeBundle } from "./build/bundle.ts";
import { run } from "./build/run.ts";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

await writeBundle("package", { index: "host/index.ts", main: "host/main.ts" }, "dist/package");
await run(process.execPath, ["node_modules/typescript/bin/tsc", "--project", "tsconfig.package.json"]);
