// A core with a route table in it, and heads to try on it.
import type { RouteConfiguration } from "../../../host/config/types/route.ts";
import { compileRouteTable } from "../../../host/route/compile.ts";
import type { RouteContext } from "../../../host/route/context.ts";
import type { RouteTable } from "../../../host/route/route_entry.ts";
import { StatStore } from "../../../host/stats/scope.ts";
import { ConfigArena } from "../../../host/wasm/config_arena.ts";
import { Core } from "../../../host/wasm/core.ts";
import { HeaderMap } from "../../../host/wasm/header_view.ts";
import { BLOCK_METHOD, METHOD_CONNECT } from "../../../host/wasm/layout.gen.ts";
import { Ledger } from "../../../host/wasm/ledger.ts";

export class RouteBench {
  readonly core = new Core();
  readonly arena = new ConfigArena(this.core);
  readonly stats = new StatStore(Ledger.create(1).view, {
    onDefine: () => undefined,
    onRelease: () => undefined,
    onFull: () => undefined,
  });
  readonly files = new Map<string, Uint8Array>();
  readonly context: RouteContext = {
    core: this.core,
    arena: this.arena,
    virtualHostScope: this.stats.root.scope("vhost"),
    decodeFilterConfig: (_name, config) => config,
    readFile: (path) => {
      const file = this.files.get(path);
      if (file === undefined) throw new Error(`no such file: ${path}`);
      return file;
    },
  };

  table(config: RouteConfiguration): RouteTable {
    return compileRouteTable(config, this.context);
  }

  /** A head; the caller releases it. */
  head(fields: Readonly<Record<string, string | readonly string[]>>): HeaderMap {
    const headers = new HeaderMap(this.core);
    if (!headers.create()) throw new Error("no block is left");
    for (const [name, values] of Object.entries(fields)) {
      for (const value of typeof values === "string" ? [values] : values) headers.add(name, value);
    }
    if (fields[":method"] === "CONNECT") {
      // What the codec leaves in the block beside the fields.
      this.core.words[(headers.block + BLOCK_METHOD) >> 2] = METHOD_CONNECT;
    }
    return headers;
  }

  /** Index of the route that a head takes. */
  match(table: RouteTable, fields: Readonly<Record<string, string | readonly string[]>>, random = 0): number {
    const headers = this.head(fields);
    try {
      return table.match(headers.block, random);
    } finally {
      headers.release();
    }
  }
}
