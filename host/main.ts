/** The program: `bin/nuncio`. */

import { runCommandLine } from "./command_line/run.ts";

// Whoever reads our output may leave at any time; that is no reason to stop serving.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

process.exitCode = await runCommandLine(process.argv.slice(2));
