/** Which names of stats were looked up lately, newest first; off until somebody asks. */

/** Names that are remembered; the oldest goes when one more comes. */
const RECENT_MAX = 100;

export class RecentLookups {
  /** Lookups since the start or the last `clear`. */
  total = 0;
  private names: Map<string, number> | null = null;

  get isEnabled(): boolean {
    return this.names !== null;
  }

  enable(): void {
    this.names ??= new Map();
  }

  disable(): void {
    this.names = null;
  }

  clear(): void {
    this.total = 0;
    this.names?.clear();
  }

  note(name: string): void {
    this.total++;
    if (this.names === null) return;
    const count = this.names.get(name) ?? 0;
    this.names.delete(name);
    this.names.set(name, count + 1);
    if (this.names.size > RECENT_MAX) this.names.delete(this.names.keys().next().value as string);
  }

  recent(): [name: string, count: number][] {
    return [...(this.names ?? [])].reverse();
  }
}
