/** The match tree of a virtual host (`VirtualHost.matcher`) -> nodes of the match program. */

import type { Matcher, OnMatch, Predicate } from "../config/types/matcher.ts";
import type { Route, RouteLeaf } from "../config/types/route.ts";
import {
  BRANCH_BYTES,
  BRANCH_OUTCOME,
  BRANCH_PREDICATE,
  OUTCOME_BYTES,
  OUTCOME_IS_NODE,
  OUTCOME_OFFSET,
  PREDICATE_ALL,
  PREDICATE_ANY,
  PREDICATE_BYTES,
  PREDICATE_COUNT,
  PREDICATE_INPUT,
  PREDICATE_KIND,
  PREDICATE_NOT,
  PREDICATE_PARTS,
  PREDICATE_TEXT,
  PREDICATE_VALUE,
  TREE_BRANCHES,
  TREE_BYTES,
  TREE_DEPTH_MAX,
  TREE_EXACT,
  TREE_INPUT,
  TREE_KIND,
  TREE_LIST,
  TREE_NO_MATCH,
  TREE_PREFIX,
} from "../wasm/layout.gen.ts";
import { type TextHash, writeTextTable } from "./domains.ts";
import { writeHeaderName, writeText } from "./matchers.ts";
import type { ProgramWriter } from "./program_writer.ts";

/** Writes the routes of one action. @returns the offset of their list */
export type WriteRoutes = (routes: readonly Route[]) => number;

/** Writes a tree. Throws an Error when it is deeper than TREE_DEPTH_MAX. @returns the offset of its first node */
export function writeMatchTree(
  writer: ProgramWriter,
  matcher: Matcher<RouteLeaf>,
  hash: TextHash,
  writeRoutes: WriteRoutes,
): number {
  return new TreeWriter(writer, hash, writeRoutes).node(matcher, 1);
}

class TreeWriter {
  private readonly writer: ProgramWriter;
  private readonly hash: TextHash;
  private readonly writeRoutes: WriteRoutes;

  constructor(writer: ProgramWriter, hash: TextHash, writeRoutes: WriteRoutes) {
    this.writer = writer;
    this.hash = hash;
    this.writeRoutes = writeRoutes;
  }

  node(matcher: Matcher<RouteLeaf>, depth: number): number {
    checkDepth(depth);
    const { writer } = this;
    const node = writer.reserve(TREE_BYTES);
    if (matcher.on_no_match !== undefined) writer.u32(node + TREE_NO_MATCH, this.outcome(matcher.on_no_match, depth));
    const tree = matcher.matcher_tree;
    if (tree === undefined) {
      this.list(node, matcher, depth);
      return node;
    }
    const entries = Object.entries((tree.exact_match_map ?? tree.prefix_match_map)?.map ?? {});
    const outcomes = new Map(entries.map(([key, onMatch]) => [key, this.outcome(onMatch, depth)]));
    writer.u32(node + TREE_KIND, tree.exact_match_map === undefined ? TREE_PREFIX : TREE_EXACT);
    writer.u32(node + TREE_INPUT, writeHeaderName(writer, tree.input.typed_config?.header_name ?? ""));
    writer.u32(node + TREE_BRANCHES, writeTextTable(writer, outcomes, this.hash));
    return node;
  }

  private list(node: number, matcher: Matcher<RouteLeaf>, depth: number): void {
    const { writer } = this;
    const matchers = matcher.matcher_list?.matchers ?? [];
    const branches = writer.reserve(matchers.length * BRANCH_BYTES);
    writer.u32(node + TREE_KIND, TREE_LIST);
    writer.u32(node + TREE_INPUT, matchers.length);
    writer.u32(node + TREE_BRANCHES, branches);
    matchers.forEach(({ predicate, on_match }, i) => {
      const branch = branches + i * BRANCH_BYTES;
      writer.u32(branch + BRANCH_PREDICATE, this.predicate(predicate, depth + 1));
      writer.u32(branch + BRANCH_OUTCOME, this.outcome(on_match, depth));
    });
  }

  private outcome(onMatch: OnMatch<RouteLeaf>, depth: number): number {
    const { writer } = this;
    const outcome = writer.reserve(OUTCOME_BYTES);
    if (onMatch.matcher !== undefined) {
      writer.u32(outcome + OUTCOME_IS_NODE, 1);
      writer.u32(outcome + OUTCOME_OFFSET, this.node(onMatch.matcher, depth + 1));
      return outcome;
    }
    const action = onMatch.action?.typed_config;
    if (action === undefined) throw new Error("a branch of the match tree has no action");
    const routes = action["@type"] === "envoy.config.route.v3.Route" ? [action] : (action.routes ?? []);
    writer.u32(outcome + OUTCOME_OFFSET, this.writeRoutes(routes));
    return outcome;
  }

  private predicate(predicate: Predicate, depth: number): number {
    checkDepth(depth);
    const { writer } = this;
    const at = writer.reserve(PREDICATE_BYTES);
    const single = predicate.single_predicate;
    if (single !== undefined) {
      writer.u32(at + PREDICATE_KIND, PREDICATE_VALUE);
      writer.u32(at + PREDICATE_INPUT, writeHeaderName(writer, single.input.typed_config?.header_name ?? ""));
      writeText(writer, at + PREDICATE_TEXT, single.value_match ?? {});
      return at;
    }
    const { and_matcher, or_matcher, not_matcher } = predicate;
    let kind = PREDICATE_NOT;
    if (and_matcher !== undefined) kind = PREDICATE_ALL;
    else if (or_matcher !== undefined) kind = PREDICATE_ANY;
    const inner = (and_matcher ?? or_matcher)?.predicate ?? (not_matcher === undefined ? [] : [not_matcher]);
    const parts = writer.reserve(inner.length * 4);
    inner.forEach((part, i) => {
      writer.u32(parts + i * 4, this.predicate(part, depth + 1));
    });
    writer.u32(at + PREDICATE_KIND, kind);
    writer.u32(at + PREDICATE_COUNT, inner.length);
    writer.u32(at + PREDICATE_PARTS, parts);
    return at;
  }
}

function checkDepth(depth: number): void {
  if (depth > TREE_DEPTH_MAX) throw new Error(`the match tree is more than ${TREE_DEPTH_MAX} levels deep`);
}
