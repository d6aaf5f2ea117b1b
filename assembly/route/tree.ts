// The match tree of a virtual host (xds.type.matcher.v3.Matcher): lists of predicates, maps from a header's value, exact or by its longest prefix, nested as
// the config says. A branch that leads nowhere is left, and the next one is tried. Inputs are headers of the request; several fields of a name are joined with commas.

import { headerJoin } from "../header/read";
import { RESULT } from "../memory/arena";
import { lookUp } from "./domains";
import {
  BRANCH_BYTES,
  BRANCH_OUTCOME,
  BRANCH_PREDICATE,
  DOMAINS_LENGTH_COUNT,
  DOMAINS_LENGTHS,
  HEADER_NAME_LENGTH,
  HEADER_NAME_TEXT,
  OUTCOME_IS_NODE,
  OUTCOME_OFFSET,
  PREDICATE_ALL,
  PREDICATE_COUNT,
  PREDICATE_INPUT,
  PREDICATE_KIND,
  PREDICATE_NOT,
  PREDICATE_PARTS,
  PREDICATE_TEXT,
  PREDICATE_VALUE,
  TREE_BRANCHES,
  TREE_EXACT,
  TREE_INPUT,
  TREE_KIND,
  TREE_LIST,
  TREE_NO_MATCH,
} from "./program";
import { textMatches } from "./text";

/** Offset of the list of routes that the tree leads the request to, or 0. */
export function treeOutcome(program: u32, tree: u32, block: u32): u32 {
  const node = program + tree;
  const found = load<u32>(node + TREE_KIND) == TREE_LIST ? ofList(program, node, block) : ofMap(program, node, block);
  return found != 0 ? found : follow(program, load<u32>(node + TREE_NO_MATCH), block);
}

/** Where an outcome (0: none) leads. */
function follow(program: u32, outcome: u32, block: u32): u32 {
  if (outcome == 0) return 0;
  const offset = load<u32>(program + outcome + OUTCOME_OFFSET);
  return load<u32>(program + outcome + OUTCOME_IS_NODE) != 0 ? treeOutcome(program, offset, block) : offset;
}

function ofList(program: u32, node: u32, block: u32): u32 {
  const count = load<u32>(node + TREE_INPUT);
  let branch = program + load<u32>(node + TREE_BRANCHES);
  for (let i: u32 = 0; i < count; i++) {
    if (holds(program, program + load<u32>(branch + BRANCH_PREDICATE), block)) {
      const found = follow(program, load<u32>(branch + BRANCH_OUTCOME), block);
      if (found != 0) return found;
    }
    branch += BRANCH_BYTES;
  }
  return 0;
}

function ofMap(program: u32, node: u32, block: u32): u32 {
  if (!readInput(program, load<u32>(node + TREE_INPUT), block)) return 0;
  const table = load<u32>(node + TREE_BRANCHES);
  if (load<u32>(node + TREE_KIND) == TREE_EXACT) {
    return follow(program, lookUp(program, table, load<u32>(RESULT), load<u32>(RESULT, 4)), block);
  }
  const count = load<u32>(program + table + DOMAINS_LENGTH_COUNT);
  const lengths = program + load<u32>(program + table + DOMAINS_LENGTHS);
  for (let i: u32 = 0; i < count; i++) {
    // Anew each time: what a branch looks at may be another header.
    readInput(program, load<u32>(node + TREE_INPUT), block);
    const length = load<u32>(lengths + i * 4);
    if (length > load<u32>(RESULT, 4)) continue;
    const found = follow(program, lookUp(program, table, load<u32>(RESULT), length), block);
    if (found != 0) return found;
  }
  return 0;
}

function holds(program: u32, predicate: u32, block: u32): bool {
  const kind = load<u32>(predicate + PREDICATE_KIND);
  if (kind == PREDICATE_VALUE) {
    return (
      readInput(program, load<u32>(predicate + PREDICATE_INPUT), block) &&
      textMatches(program, predicate + PREDICATE_TEXT, load<u32>(RESULT), load<u32>(RESULT, 4))
    );
  }
  const count = load<u32>(predicate + PREDICATE_COUNT);
  const parts = program + load<u32>(predicate + PREDICATE_PARTS);
  const wanted = kind == PREDICATE_ALL;
  for (let i: u32 = 0; i < count; i++) {
    const held = holds(program, program + load<u32>(parts + i * 4), block);
    if (kind == PREDICATE_NOT) return !held;
    // One that fails decides for all, one that holds for any.
    if (held != wanted) return held;
  }
  return wanted;
}

/** Leaves the value of a header in the result words; false: it is missing. */
function readInput(program: u32, input: u32, block: u32): bool {
  const name = program + input;
  return headerJoin(block, program + load<u32>(name + HEADER_NAME_TEXT), load<u32>(name + HEADER_NAME_LENGTH)) != 0;
}
