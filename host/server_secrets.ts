/**
 * The secrets of the process: read when a config is loaded, and again when their files are replaced. What does not do is refused,
 * counted and logged, and the one before stays.
 */

import { basename, dirname } from "node:path";
import { defineSecret, fixSecret, type LoadedSecret, loadSecret, type SecretValue } from "./config/secrets/load.ts";
import { referencesIn, type SecretReference } from "./config/secrets/reference.ts";
import { SecretError } from "./config/secrets/secret_file.ts";
import type { Bootstrap } from "./config/types/bootstrap.ts";
import { DirectoryWatch } from "./config/watch/directories.ts";
import type { Logger } from "./log/logger.ts";
import type { Counter, Gauge, Scope } from "./stats/scope.ts";

export interface SecretInForce {
  readonly reference: SecretReference;
  readonly loaded: LoadedSecret;
  /** Milliseconds since the epoch. */
  readonly updatedMs: number;
  /** Why what its files say now is not in force; empty: it is. */
  readonly failure: string;
}

export class Secrets {
  private readonly root: Scope;
  private readonly log: Logger;
  private readonly onChange: () => void;
  private readonly watch: DirectoryWatch;
  private readonly stats = new Map<string, SdsStats>();
  private inForce: readonly SecretInForce[] = [];
  private bootstrap: Bootstrap = {};

  /** @param onChange some of `values` are others now */
  constructor(root: Scope, log: Logger, onChange: () => void) {
    this.root = root;
    this.log = log;
    this.onChange = onChange;
    this.watch = new DirectoryWatch(
      (directory, names) => this.moved(directory, names),
      (directory, code) => log.warning(`cannot watch ${directory}: ${code}; secrets in it are not renewed`),
    );
  }

  /** What workers need. */
  get values(): readonly SecretValue[] {
    return this.inForce.map(({ loaded: { key, name, version, secret } }) => ({ key, name, version, secret }));
  }

  get all(): readonly SecretInForce[] {
    return this.inForce;
  }

  /** Takes over a bootstrap, which has passed the door. Throws SecretError, and goes on as before, when a file is another since then. */
  update(bootstrap: Bootstrap): void {
    const references = referencesIn(bootstrap);
    const updatedMs = Date.now();
    const next = references.map((reference) => ({
      reference,
      loaded: loadSecret(reference, bootstrap),
      updatedMs,
      failure: "",
    }));
    this.bootstrap = bootstrap;
    this.inForce = next;
    for (const { reference } of next) if (reference.path !== "") this.statsOf(reference).succeeded(updatedMs);
    this.watchAll();
  }

  close(): void {
    this.watch.close();
  }

  private watchAll(): void {
    this.watch.watch(new Set(this.inForce.flatMap(({ reference, loaded }) => directoriesOf(reference, loaded))));
  }

  private moved(directory: string, names: ReadonlySet<string>): void {
    let isChanged = false;
    this.inForce = this.inForce.map((secret) => {
      const next = this.renewed(secret, directory, names);
      if (next.loaded.version !== secret.loaded.version) isChanged = true;
      return next;
    });
    this.watchAll();
    if (isChanged) this.onChange();
  }

  /** The secret after something was moved in a folder. */
  private renewed(secret: SecretInForce, directory: string, names: ReadonlySet<string>): SecretInForce {
    const { reference, loaded } = secret;
    const { path, watchedDirectory } = reference;
    const isDefinition =
      path !== "" &&
      (watchedDirectory === ""
        ? directory === dirname(path) && names.has(basename(path))
        : directory === watchedDirectory);
    if (!isDefinition && !directoriesOf(reference, loaded).includes(directory)) return secret;
    const stats = path === "" ? null : this.statsOf(reference);
    if (isDefinition) stats?.attempt.inc();
    try {
      const definition = isDefinition ? defineSecret(reference, this.bootstrap) : loaded.definition;
      const next = fixSecret(reference, definition);
      const updatedMs = Date.now();
      if (isDefinition) stats?.renewed(updatedMs);
      if (next.version === loaded.version) return { ...secret, loaded: next, failure: "" };
      this.log.info(`secret ${nameOf(reference)} is another now`);
      return { reference, loaded: next, updatedMs, failure: "" };
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      if (!isDefinition) stats?.rotationFailed.inc();
      else if (error.isUnreadable) stats?.failure.inc();
      else stats?.rejected.inc();
      this.log.warning(`secret ${nameOf(reference)} stays as it was: ${error.message}`);
      return { ...secret, failure: error.message };
    }
  }

  private statsOf({ name }: SecretReference): SdsStats {
    let stats = this.stats.get(name);
    if (stats === undefined) {
      stats = new SdsStats(this.root.scope("sds").scope(name));
      this.stats.set(name, stats);
    }
    return stats;
  }
}

function nameOf({ name, certificate }: SecretReference): string {
  return certificate === null ? `'${name}'` : `in ${certificate.certificate_chain?.filename ?? "the config"}`;
}

/** Static secrets by name are read once, as in Envoy. */
function directoriesOf(
  { path, watchedDirectory, certificate }: SecretReference,
  loaded: LoadedSecret,
): readonly string[] {
  if (certificate !== null) return [watchedDirectory];
  if (path === "") return [];
  const { tls_certificate, validation_context } = loaded.definition;
  const within = tls_certificate?.watched_directory?.path ?? validation_context?.watched_directory?.path;
  const ofFiles = within === undefined ? loaded.files.map((file) => dirname(file)) : [within];
  return [watchedDirectory === "" ? dirname(path) : watchedDirectory, ...ofFiles];
}

/** `sds.<name>.` */
class SdsStats {
  readonly attempt: Counter;
  readonly failure: Counter;
  readonly rejected: Counter;
  readonly rotationFailed: Counter;
  private readonly success: Counter;
  private readonly time: Gauge;

  constructor(scope: Scope) {
    this.attempt = scope.counter("update_attempt");
    this.success = scope.counter("update_success");
    this.failure = scope.counter("update_failure");
    this.rejected = scope.counter("update_rejected");
    this.rotationFailed = scope.counter("key_rotation_failed");
    this.time = scope.gauge("update_time");
    scope.counter("init_fetch_timeout");
  }

  /** A config brought it. */
  succeeded(atMs: number): void {
    this.attempt.inc();
    this.renewed(atMs);
  }

  renewed(atMs: number): void {
    this.success.inc();
    this.time.set(atMs);
  }
}
