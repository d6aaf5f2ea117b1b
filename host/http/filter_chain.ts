/**
 * The filters of one connection manager, in the order of its config; the last one is terminal and answers. Compiled once
 * per worker and config; a stream asks it for the objects that serve it.
 */

import type { HttpFilter } from "./filter.ts";
import type { TerminalStream } from "./terminal_stream.ts";

export interface NamedFilter {
  readonly name: string;
  readonly filter: HttpFilter;
}

export class FilterChain {
  readonly names: readonly string[];
  private readonly filters: readonly HttpFilter[];

  constructor(filters: readonly NamedFilter[]) {
    this.names = filters.map((f) => f.name);
    this.filters = filters.map((f) => f.filter);
  }

  get length(): number {
    return this.filters.length;
  }

  /** Fills `into` with the objects that serve this stream, in the order of the chain; how many there are. */
  open(stream: TerminalStream, into: HttpFilter[]): number {
    const { filters } = this;
    for (let i = 0; i < filters.length; i++) {
      const filter = filters[i] as HttpFilter;
      into[i] = filter.onStream === undefined ? filter : filter.onStream(stream);
    }
    return filters.length;
  }
}
