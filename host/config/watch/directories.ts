/**
 * Folders that are watched for moves: what is swapped in by a rename, as Kubernetes does and as an operator should, is there whole.
 * A file that is written in place is not noticed, for half of it would be read. Moves that come together are told once.
 */

import { type FSWatcher, watch } from "node:fs";

/** So long after a move others are waited for: a key follows its certificate. */
const SETTLE_MS = 30;

export class DirectoryWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly moved = new Map<string, Set<string>>();
  private timer: NodeJS.Timeout | null = null;
  private readonly onMoved: (directory: string, names: ReadonlySet<string>) => void;
  private readonly onTrouble: (directory: string, code: string) => void;

  /** @param onMoved names within the folder that are others now, or gone @param onTrouble it is not watched (any more) */
  constructor(
    onMoved: (directory: string, names: ReadonlySet<string>) => void,
    onTrouble: (directory: string, code: string) => void,
  ) {
    this.onMoved = onMoved;
    this.onTrouble = onTrouble;
  }

  /** Watches these, and no others any more. */
  watch(directories: ReadonlySet<string>): void {
    for (const [directory, watcher] of this.watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.watchers.delete(directory);
    }
    for (const directory of directories) if (!this.watchers.has(directory)) this.begin(directory);
  }

  close(): void {
    this.watch(new Set());
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private begin(directory: string): void {
    const failed = (error: NodeJS.ErrnoException) => {
      this.watchers.get(directory)?.close();
      this.watchers.delete(directory);
      this.onTrouble(directory, error.code ?? String(error));
    };
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => {
        // What happened to the contents of a file is a `change`.
        if (event === "rename") this.note(directory, name ?? "");
      });
      watcher.on("error", failed);
      this.watchers.set(directory, watcher);
    } catch (error) {
      failed(error as NodeJS.ErrnoException);
    }
  }

  private note(directory: string, name: string): void {
    const names = this.moved.get(directory) ?? new Set();
    names.add(name);
    this.moved.set(directory, names);
    this.timer ??= setTimeout(() => this.tell(), SETTLE_MS).unref();
  }

  private tell(): void {
    this.timer = null;
    const moved = [...this.moved];
    this.moved.clear();
    for (const [directory, names] of moved) if (this.watchers.has(directory)) this.onMoved(directory, names);
  }
}
