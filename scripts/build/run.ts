// Child processes of the build: quiet when they succeed, everything they said when they fail.
import { spawn } from "node:child_process";

/** Runs a command to its end. Rejects with its output when it exits other than 0. */
export function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const said = Buffer.concat(output).toString();
      if (code === 0) resolve(said);
      else reject(new Error(`${command} ${args.join(" ")}: ${signal ?? `exit code ${code}`}\n${said}`));
    });
  });
}
