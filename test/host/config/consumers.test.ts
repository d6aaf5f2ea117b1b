// What the list calls read is read: the name of each such field stands somewhere in the proxy beyond the config door.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { supported } from "../../../host/config/supported.ts";
import { files } from "../../support/source_tree.ts";

/** Fields that nobody needs to read, each with the reason why they do what Envoy's documentation says all the same. */
const NEEDS_NO_READER: Readonly<Record<string, string>> = {
  connect_matcher: "what a route matches that names no path",
  bootstrap_extensions: "of the types that may stand there none does anything here",
  json_format_options: "holds an option without effect only",
  runtime_key: "the runtime has no value for it: the door checks that",
  access_log_options: "none of its fields is supported",
  validate_clusters: "the door itself checks the clusters",
  round_robin_lb_config: "none of its fields is supported",
  locality_lb_config: "accepted only where it changes nothing: the door checks that",
  locality_weighted_lb_config: "accepted only where it changes nothing: the door checks that",
  zone_aware_lb_config: "accepted only where it changes nothing: the door checks that",
};

/** What the door offers to others as answers of its own. */
const ANSWERS = [
  "host/config/application_log.ts",
  "host/config/data_source.ts",
  "host/config/discovery_kind.ts",
  "host/config/secrets/load.ts",
  "host/config/secrets/reference.ts",
  "host/config/tls_material.ts",
];

const sources = [...files("host", ".ts"), ...files("filters", ".ts")].filter((file) => !isOfDoor(file));
const words = new Set(sources.flatMap((file) => readFileSync(file, "utf8").match(/\b[a-z][a-z0-9_]*\b/g) ?? []));
const read = new Set(Object.values(supported).flatMap((support) => support.read));

/** The door's folder, save those answers. */
function isOfDoor(file: string): boolean {
  return file.startsWith("host/config/") && !ANSWERS.includes(file);
}

it("every field that is read has a reader", () => {
  expect([...read].filter((name) => !words.has(name) && !(name in NEEDS_NO_READER))).toEqual([]);
});

it("no exception is stale", () => {
  expect(Object.keys(NEEDS_NO_READER).filter((name) => words.has(name) || !read.has(name))).toEqual([]);
});
