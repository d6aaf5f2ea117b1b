/** The listeners of one worker, by name; follows the snapshots that the main thread hands out. */

import type { RouteTable } from "../route/route_entry.ts";
import type { PlainAddress } from "../upstream/host.ts";
import { Listener, type ListenerContext, type ListenerDescription } from "./listener.ts";

export interface BoundListener {
  readonly name: string;
  readonly addresses: readonly PlainAddress[];
}

export class ListenerManager {
  private readonly context: ListenerContext;
  private readonly listeners = new Map<string, Listener>();
  /** Gone from the config, with connections that go on. */
  private readonly leaving = new Set<Listener>();
  /** Names of those that the last update could not bring to what was asked: they are as they were, or not there. */
  refused: readonly string[] = [];

  /** Which do not accept any more, for good: those that a change would open are not opened (as in Envoy). */
  private isStopped: (listener: Listener) => boolean = () => false;

  constructor(context: ListenerContext) {
    this.context = context;
  }

  /**
   * Takes the listeners of a new snapshot: unchanged ones go on, changed ones keep their sockets where they can, removed
   * ones drain. @returns what could not be done, in words; empty: all is well
   */
  async update(descriptions: readonly ListenerDescription[]): Promise<readonly string[]> {
    const problems: string[] = [];
    const refused: string[] = [];
    const names = new Set(descriptions.map((d) => d.name));
    for (const [name, listener] of this.listeners) {
      if (names.has(name)) continue;
      this.listeners.delete(name);
      this.leaving.add(listener);
      await listener.remove();
    }
    for (const description of descriptions) {
      try {
        await this.add(description);
      } catch (error) {
        problems.push(`error adding listener '${description.name}': ${(error as Error).message}`);
        refused.push(description.name);
      }
    }
    this.refused = refused;
    return problems;
  }

  private async add(description: ListenerDescription): Promise<void> {
    const { name } = description;
    const old = this.listeners.get(name);
    if (old?.canBecome(description)) {
      if (JSON.stringify(old.config) !== JSON.stringify(description.config)) old.become(description);
      return;
    }
    const listener = new Listener(description, this.context);
    try {
      await this.open(listener, old);
    } catch (error) {
      await listener.remove();
      throw error;
    }
    this.listeners.set(name, listener);
    if (old === undefined) return;
    this.leaving.add(old);
    await old.remove();
  }

  /** Binds. The old one of that name goes on listening until the new one does, and again when that cannot. */
  private async open(listener: Listener, old: Listener | undefined): Promise<void> {
    if (this.isStopped(listener)) return;
    const doors = old?.isInTheWayOf(listener) ? old.bound : [];
    if (doors.length > 0) await old?.stop();
    const error = await listener.listen();
    if (error === null) return;
    await listener.stop();
    const lost = doors.length > 0 ? await old?.listen(doors) : null;
    throw new Error(lost ? `${error.message}; and its old address is lost: ${lost.message}` : error.message);
  }

  get bound(): readonly BoundListener[] {
    return [...this.listeners].map(([name, listener]) => ({ name, addresses: listener.bound }));
  }

  /** All route tables in force, with the listener that each belongs to. */
  get routeTables(): readonly { readonly listener: string; readonly routes: RouteTable }[] {
    return [...this.listeners].flatMap(([listener, { routeTables }]) =>
      routeTables.map((routes) => ({ listener, routes })),
    );
  }

  get activeConnections(): number {
    let sum = 0;
    for (const listener of this.listeners.values()) sum += listener.activeConnections;
    for (const listener of this.leaving) {
      const active = listener.activeConnections;
      if (active === 0) this.leaving.delete(listener);
      sum += active;
    }
    return sum;
  }

  /** Stops accepting; `filter` picks by traffic direction. */
  async stop(filter: (listener: Listener) => boolean = () => true): Promise<void> {
    const before = this.isStopped;
    this.isStopped = (listener) => before(listener) || filter(listener);
    await Promise.all([...this.listeners.values()].filter(filter).map((listener) => listener.stop()));
  }

  drain(filter: (listener: Listener) => boolean = () => true): void {
    for (const listener of this.listeners.values()) if (filter(listener)) listener.drain();
  }
}
