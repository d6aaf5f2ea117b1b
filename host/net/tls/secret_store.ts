/** The secrets that a worker has, by the key of their reference; contexts that use one are told when another takes its place. */

import type { SecretValue } from "../../config/secrets/load.ts";
import type { Secret } from "../../config/types/tls.ts";

export class SecretStore {
  private values: ReadonlyMap<string, SecretValue> = new Map();
  private readonly watchers = new Set<{ readonly keys: ReadonlySet<string>; readonly onChange: () => void }>();

  get(key: string): Secret | undefined {
    return this.values.get(key)?.secret;
  }

  /** All that there are from now on. Who watches one that is another now is told once. */
  update(values: readonly SecretValue[]): void {
    const before = this.values;
    this.values = new Map(values.map((value) => [value.key, value]));
    const changed = values.filter(({ key, version }) => before.get(key)?.version !== version).map(({ key }) => key);
    for (const { keys, onChange } of [...this.watchers]) if (changed.some((key) => keys.has(key))) onChange();
  }

  /** @returns what ends it */
  watch(keys: readonly string[], onChange: () => void): () => void {
    if (keys.length === 0) return () => {};
    const watcher = { keys: new Set(keys), onChange };
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }
}
