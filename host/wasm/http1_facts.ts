/**
 * What the core notes of an HTTP/1 connection at the end of each call (FACT_..., assembly/http1/connection.ts). The host asks
 * several times per request; a look at the note costs a load, a call some ten nanoseconds.
 */

import type { Core } from "./core.ts";
import { CONNECTION_BYTES, CONNECTION_FACTS, CONNECTION_SLOT, CONNECTIONS_START } from "./layout.gen.ts";

/** Where the facts of an open connection lie: index into `core.words`. It holds as long as the connection's handle. */
export function factsIndex(connection: number): number {
  return (CONNECTIONS_START + (connection & CONNECTION_SLOT) * CONNECTION_BYTES + CONNECTION_FACTS) >> 2;
}

/** Whether one of the FACT_... bits is set. */
export function hasFact(core: Core, index: number, fact: number): boolean {
  return ((core.words[index] as number) & fact) !== 0;
}
