/**
 * What Envoy refuses when it loads a config although every field is valid by itself: the list of such rules. Each looks at a
 * decoded config and reports; a new rule is a new file and a line below.
 */
import type { Issues } from "../decode/places.ts";
import type { Bootstrap } from "../types/bootstrap.ts";

/** One rule over a whole bootstrap. */
export type Check = (bootstrap: Bootstrap, issues: Issues) => void;

export const checks: readonly Check[] = [];
