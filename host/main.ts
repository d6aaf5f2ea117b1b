/** The program: `bin/nuncio`. */

import { runCommandLine } from "./command_line/run.ts";

// Whoever reads our output may leave at any time; that is no reason to stop serving.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

// No `await` out here: the one-file binary runs CommonJS, which has none.
void runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
