// Route matching as the documents of Envoy describe it, in the plainest way: what the core must agree with.

import { RE2JS } from "re2js";
import { compileHeaderPredicate } from "../../../host/access_log/header_predicate.ts";
import { compileStringPredicate } from "../../../host/config/string_predicate.ts";
import type { RouteConfiguration, RouteMatch, VirtualHost } from "../../../host/config/types/route.ts";

export type ModelHead = Readonly<Record<string, readonly string[]>>;

/** `host name/index of the route in it`, "no host" or "no route". */
export function modelMatch(config: RouteConfiguration, head: ModelHead): string {
  const host = modelHost(config, head[":authority"]?.[0]);
  if (host === undefined) return "no host";
  const index = (host.routes ?? []).findIndex(({ match }) => modelRoute(config, match, head));
  return index < 0 ? "no route" : `${host.name}/${index}`;
}

function modelHost(config: RouteConfiguration, authority: string | undefined): VirtualHost | undefined {
  const hosts = config.virtual_hosts ?? [];
  const all = hosts.flatMap((host) => host.domains.map((domain) => ({ domain: domain.toLowerCase(), host })));
  const rest = all.find(({ domain }) => domain === "*")?.host;
  if (all.every(({ domain }) => domain === "*")) return rest;
  if (authority === undefined) return undefined;
  let name = authority.toLowerCase();
  if (config.ignore_port_in_host_matching === true) name = name.replace(/:[^:\]]*$/, "");
  const exact = all.find(({ domain }) => domain === name);
  if (exact !== undefined) return exact.host;
  const longest = (candidates: typeof all) =>
    candidates
      .filter(({ domain }) => domain !== "*" && domain.length - 1 < name.length)
      .sort((a, b) => b.domain.length - a.domain.length)[0]?.host;
  return (
    longest(all.filter(({ domain }) => domain.startsWith("*") && name.endsWith(domain.slice(1)))) ??
    longest(
      all.filter(
        ({ domain }) => !domain.startsWith("*") && domain.endsWith("*") && name.startsWith(domain.slice(0, -1)),
      ),
    ) ??
    rest
  );
}

function modelRoute(config: RouteConfiguration, match: RouteMatch, head: ModelHead): boolean {
  const target = head[":path"]?.[0];
  if (target === undefined) return false;
  const path = target.split(config.ignore_path_parameters_in_path_matching === true ? /[?#;]/ : /[?#]/)[0] ?? "";
  if (!modelPath(match, path)) return false;
  const lookup = (name: string) => head[name] ?? [];
  if (!(match.headers ?? []).every((matcher) => compileHeaderPredicate(matcher)(lookup))) return false;
  const query = target.includes("?") ? target.slice(target.indexOf("?") + 1) : "";
  const parameters = query === "" ? [] : query.split("&").map((text) => text.split(/=(.*)/s));
  return (match.query_parameters ?? []).every(({ name, string_match, present_match }) => {
    const found = parameters.find(([key]) => key === name);
    if (string_match === undefined) return (found !== undefined) === (present_match !== false);
    return found !== undefined && compileStringPredicate(string_match)(found[1] ?? "");
  });
}

function modelPath(match: RouteMatch, path: string): boolean {
  if (match.safe_regex !== undefined) return RE2JS.compile(match.safe_regex.regex).matches(path);
  const fold = (text: string) => (match.case_sensitive === false ? text.toLowerCase() : text);
  const tried = fold(path);
  if (match.prefix !== undefined) return tried.startsWith(fold(match.prefix));
  if (match.path !== undefined) return tried === fold(match.path);
  const prefix = fold(match.path_separated_prefix ?? "");
  return tried === prefix || tried.startsWith(`${prefix}/`);
}
