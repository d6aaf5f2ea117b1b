/**
 * The contract of a listener filter: it looks at what a connection says first, before a filter chain is chosen, takes what is
 * its own off it, and writes down what it has learnt.
 */

import type { HttpWorker } from "../http/http_worker.ts";
import type { ConnectionFacts } from "../stream_info/connection_facts.ts";

/** More must come before anything can be said. */
export const LOOK_MORE = -1;
/** The connection is refused. The filter has counted why. */
export const LOOK_REFUSED = -2;

/** One filter at one connection. */
export interface Inspector {
  /**
   * Called when there is something to see, until it answers anything but LOOK_MORE.
   * @param bytes all that has come and that no filter before has taken; never empty
   * @returns LOOK_MORE, LOOK_REFUSED, or how many of the bytes are the filter's own: the others are for who comes after it
   */
  look(bytes: Buffer, facts: ConnectionFacts): number;
}

export interface ListenerFilter {
  /** @param facts what the filters before have learnt @returns null: there is nothing to look at */
  open(facts: ConnectionFacts): Inspector | null;
}

export interface ListenerFilterContext {
  readonly worker: HttpWorker;
}

/** One row of `filters/registry.ts`. */
export interface ListenerFilterFactory<C> {
  readonly name: string;
  readonly typeNames: readonly string[];
  /** The canonical tree of the config door -> C. */
  decode(config: object): C;
  create(config: C, context: ListenerFilterContext): ListenerFilter;
}

/** By full name of the config's message. */
export type ListenerFilterFactories = ReadonlyMap<string, ListenerFilterFactory<unknown>>;
