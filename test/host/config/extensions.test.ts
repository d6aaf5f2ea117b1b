// The list of built-in extensions against what the config door takes and what the registry makes.

import { expect, it } from "vitest";
import { httpFilters, networkFilters } from "../../../filters/registry.ts";
import { EXTENSIONS } from "../../../host/config/extensions.ts";
import { extensions } from "../../../host/config/supported.ts";

/** Accepted where an extension may stand, but no extension of a category of Envoy's. */
const PLAIN_MESSAGES = new Set([
  "envoy.config.route.v3.Route",
  "envoy.config.route.v3.RouteList",
  // The name of a filter chain.
  "google.protobuf.StringValue",
  // For a filter that is not there, as Envoy takes it.
  "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
]);

it("names each type that the config door takes as an extension, and no other", () => {
  const accepted = new Set(Object.values(extensions).flat());
  for (const type of PLAIN_MESSAGES) accepted.delete(type);
  const listed = new Set(EXTENSIONS.flatMap(({ type_urls }) => type_urls));
  expect([...listed].sort()).toEqual([...accepted].sort());
});

it.each([
  ["envoy.filters.http", httpFilters],
  ["envoy.filters.network", networkFilters],
] as const)("names the filters of the registry: %s", (category, filters) => {
  const names = [...new Set([...filters.values()].map(({ name }) => name))].sort();
  expect(EXTENSIONS.filter((extension) => extension.category === category).map(({ name }) => name)).toEqual(names);
});
