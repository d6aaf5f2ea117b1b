/** Where each value of a decoded config was written, so that any later check can point at it; and the list of what was wrong. */
import type { ConfigIssue } from "../config_error.ts";
import { lineAndColumn, type Source } from "../source/node.ts";

/** A key of a message (field name), of a list (index) or of a map. */
export type Key = string | number;

interface Place {
  readonly source: Source;
  readonly at: number;
}

interface ObjectPlace extends Place {
  /** Offsets; a place where a merge brought a key from another source. */
  readonly keys: Map<Key, number | Place>;
  /** Fields that were written but could not be decoded: not set, yet not missing either. */
  readonly broken: Set<Key>;
}

export class Places {
  readonly #objects = new WeakMap<object, ObjectPlace>();

  /** Remembers where an object (message, list, map) begins. */
  add(object: object, source: Source, at: number): void {
    if (!this.#objects.has(object)) this.#objects.set(object, { source, at, keys: new Map(), broken: new Set() });
  }

  /** Remembers where one of an object's keys was written. */
  addKey(object: object, key: Key, source: Source, at: number): void {
    const place = this.#objects.get(object);
    place?.keys.set(key, source === place.source ? at : { source, at });
  }

  addBroken(object: object, key: Key): void {
    this.#objects.get(object)?.broken.add(key);
  }

  isBroken(object: object, key: Key): boolean {
    return this.#objects.get(object)?.broken.has(key) ?? false;
  }

  /** Takes over what is known of the keys of `from`, for a merge into `into`. */
  merge(into: object, from: object, keyOf: (key: Key) => Key = (key) => key): void {
    const target = this.#objects.get(into);
    const origin = this.#objects.get(from);
    if (target === undefined || origin === undefined) return;
    for (const [key, place] of origin.keys) {
      target.keys.set(keyOf(key), typeof place === "number" ? { source: origin.source, at: place } : place);
    }
    for (const key of origin.broken) target.broken.add(keyOf(key));
  }

  /** The place of a key, else of its object. */
  find(object: object, key?: Key): Place | undefined {
    const place = this.#objects.get(object);
    const own = key === undefined ? undefined : place?.keys.get(key);
    if (place === undefined || own === undefined) return place;
    return typeof own === "number" ? { source: place.source, at: own } : own;
  }
}

export class Issues {
  readonly list: ConfigIssue[] = [];
  readonly #places: Places;
  readonly #fallback: Source;

  /** `fallback` is blamed for what stands in no text. */
  constructor(places: Places, fallback: Source) {
    this.#places = places;
    this.#fallback = fallback;
  }

  /** At a node that is being read. */
  addAt(source: Source, at: number, path: string, reason: string, suggestion?: string): void {
    const { line, column } = lineAndColumn(source.text, at);
    const issue = { file: source.fileName, line, column, path: path === "" ? "(file)" : path, reason };
    this.list.push(suggestion === undefined ? issue : { ...issue, suggestion });
  }

  /** At a key of a decoded object, or at the object itself. */
  add(object: object, key: Key | undefined, path: string, reason: string, suggestion?: string): void {
    const place = this.#places.find(object, key) ?? { source: this.#fallback, at: 0 };
    this.addAt(place.source, place.at, path, reason, suggestion);
  }
}

/** `static_resources` + `clusters` -> `static_resources.clusters`. */
export function fieldPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** `clusters` + 0 -> `clusters[0]`; a map's key is quoted. */
export function itemPath(path: string, key: Key): string {
  return typeof key === "number" ? `${path}[${key}]` : `${path}[${JSON.stringify(key)}]`;
}
