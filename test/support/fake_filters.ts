/** HTTP filters of a test in front of the router of every connection manager. The config door does not know them. */

import { httpConnectionManager } from "../../filters/network/http_connection_manager/http_connection_manager.ts";
import { httpFilters, networkFilters } from "../../filters/registry.ts";
import type { HttpConnectionManager } from "../../host/config/types/http_connection_manager.ts";
import type { FilterStatus, FilterStream, HttpFilter, HttpFilterFactory } from "../../host/http/filter.ts";
import { CONTINUE } from "../../host/http/filter.ts";
import type { NetworkFilterFactories } from "../../host/listener/listener.ts";

const TYPE = "test.Filter";

export function withFilters(...filters: readonly HttpFilter[]): NetworkFilterFactories {
  const fakes = filters.map((filter, i): [string, HttpFilterFactory<unknown>] => [
    `${TYPE}${i}`,
    { name: `test${i}`, typeNames: [`${TYPE}${i}`], decode: (config) => config, create: () => filter },
  ]);
  const manager = httpConnectionManager(new Map([...httpFilters, ...fakes]));
  const decode = (config: object): HttpConnectionManager => {
    const decoded = manager.decode(config);
    const rows = fakes.map(([type], i) => ({ name: `test${i}`, typed_config: { "@type": type } }));
    return { ...decoded, http_filters: [...rows, ...(decoded.http_filters ?? [])] } as HttpConnectionManager;
  };
  const replaced = { ...manager, decode } as unknown as NetworkFilterFactories extends ReadonlyMap<string, infer F>
    ? F
    : never;
  return new Map([...networkFilters, ...manager.typeNames.map((type) => [type, replaced] as const)]);
}

/** What a scripted filter does at each callback; the default is to go on. */
export interface Script {
  onRequestHeaders?(stream: FilterStream, endStream: boolean): FilterStatus;
  onRequestData?(stream: FilterStream, text: string, endStream: boolean): FilterStatus;
  onRequestTrailers?(stream: FilterStream): FilterStatus;
  onResponseHeaders?(stream: FilterStream, endStream: boolean): FilterStatus;
  onResponseData?(stream: FilterStream, text: string, endStream: boolean): FilterStatus;
  onResponseTrailers?(stream: FilterStream): FilterStatus;
}

/** Notes each callback as a line, `<name> request data hello end`, and answers by its script. */
export class ScriptedFilter implements HttpFilter {
  readonly script: Script;
  /** The last stream that it served. */
  stream!: FilterStream;
  private readonly name: string;
  private readonly log: string[];
  private readonly memory: () => Uint8Array;

  constructor(name: string, log: string[], memory: () => Uint8Array, script: Script = {}) {
    this.name = name;
    this.log = log;
    this.memory = memory;
    this.script = script;
  }

  onRequestHeaders(stream: FilterStream, _headers: unknown, endStream: boolean): FilterStatus {
    this.stream = stream;
    this.note("request headers", endStream);
    return this.script.onRequestHeaders?.(stream, endStream) ?? CONTINUE;
  }

  onRequestData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    const text = this.text(address, length);
    this.note(`request data ${short(text)}`, endStream);
    return this.script.onRequestData?.(stream, text, endStream) ?? CONTINUE;
  }

  onRequestTrailers(stream: FilterStream): FilterStatus {
    this.note("request trailers", false);
    return this.script.onRequestTrailers?.(stream) ?? CONTINUE;
  }

  onResponseHeaders(stream: FilterStream, _headers: unknown, endStream: boolean): FilterStatus {
    this.stream = stream;
    this.note("response headers", endStream);
    return this.script.onResponseHeaders?.(stream, endStream) ?? CONTINUE;
  }

  onResponseData(stream: FilterStream, address: number, length: number, endStream: boolean): FilterStatus {
    const text = this.text(address, length);
    this.note(`response data ${short(text)}`, endStream);
    return this.script.onResponseData?.(stream, text, endStream) ?? CONTINUE;
  }

  onResponseTrailers(stream: FilterStream): FilterStatus {
    this.note("response trailers", false);
    return this.script.onResponseTrailers?.(stream) ?? CONTINUE;
  }

  onStreamEnd(): void {
    this.note("end", false);
  }

  private note(what: string, endStream: boolean): void {
    this.log.push(`${this.name} ${what}${endStream ? " end" : ""}`);
  }

  private text(address: number, length: number): string {
    return Buffer.from(this.memory().subarray(address, address + length)).toString("latin1");
  }
}

function short(text: string): string {
  return text.length > 20 ? `(${text.length})` : text;
}
