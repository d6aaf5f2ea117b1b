// A Nuncio in a process of its own, whichever file starts it: bin/nuncio or the one-file binary.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary_folder.ts";

export interface Program {
  readonly child: ChildProcess;
  /** Where it runs; its config is `config.yaml` there. */
  readonly folder: string;
  /** `http://127.0.0.1:PORT` of the admin page. */
  readonly admin: string;
  /** By listener name: `127.0.0.1:PORT`. */
  readonly listeners: Readonly<Record<string, string>>;
  /** Everything that it has said so far. */
  output(): string;
}

/**
 * Starts `command` on a config (its text; ports 0 get a port each) and waits until it serves. Rejects with what it said when it ends before.
 * It is killed at the end of the test if it still runs.
 */
export async function startProgram(command: string, config: string, args: readonly string[] = []): Promise<Program> {
  const folder = temporaryFolder();
  const adminFile = join(folder, "admin_address");
  writeFileSync(join(folder, "config.yaml"), config);
  const workers = args.includes("--concurrency") ? [] : ["--concurrency", "1"];
  const words = ["-c", "config.yaml", "--admin-address-path", adminFile, ...workers, ...args];
  const child = spawn(command, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      text += chunk;
      if (/\] serving$/m.test(text)) resolve();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`${command} ended with ${code}\n${text}`)));
  });
  const admin = `http://${readFileSync(adminFile, "utf8")}`;
  return { child, folder, admin, listeners: await listenersOf(admin), output: () => text };
}

/** Exit code of a program that ends by itself or was told to. */
export async function exitCode({ child }: Program): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

async function listenersOf(admin: string): Promise<Record<string, string>> {
  const response = await fetch(`${admin}/listeners?format=json`);
  const { listener_statuses: statuses } = (await response.json()) as { listener_statuses: ListenerStatus[] };
  return Object.fromEntries(
    statuses.map(({ name, local_address: { socket_address: at } }) => [name, `${at.address}:${at.port_value}`]),
  );
}

interface ListenerStatus {
  readonly name: string;
  readonly local_address: { readonly socket_address: { readonly address: string; readonly port_value: number } };
}
