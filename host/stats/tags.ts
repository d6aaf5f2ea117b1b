/**
 * Tags: the variable parts of a stat's name (cluster, listener, response code), taken out of it for systems that want labels
 * (Envoy: config.metrics.v3.StatsConfig, the default tags).
 *
 * A rule is a pattern of dotted tokens, or a regular expression whose first group is cut out of the name and whose second is
 * the value. All rules look at the whole name; what they found is cut out at the end. The order of the list is the order of
 * the labels.
 */

export interface Tag {
  /** `envoy.cluster_name` */
  readonly name: string;
  readonly value: string;
}

export interface TaggedName {
  /** The name without the values of its tags. */
  readonly name: string;
  readonly tags: readonly Tag[];
}

interface Found {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

interface Rule {
  readonly tag: string;
  find(name: string, tokens: readonly string[]): Found | null;
}

/** Address and port of a listener in a stat's name: `127.0.0.1_80`, `[__1]_80`. */
const ADDRESS = String.raw`(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[[a-fA-F_\d]+\])_\d+`;
const TOKEN = "[^.]+";

const RULES: readonly Rule[] = [
  regex("response_code", String.raw`_rq(_(\d{3}))$`),
  regex("response_code_class", String.raw`_rq_((\d))xx$`),
  regex("ssl_cipher", String.raw`^listener\..*?\.ssl\.ciphers(\.([\w-]+))$`),
  regex("ssl_curve", String.raw`^(?:listener|cluster)\..*?\.ssl\.curves(\.([\w-]+))$`),
  regex("ssl_sigalg", String.raw`^(?:listener|cluster)\..*?\.ssl\.sigalgs(\.([\w-]+))$`),
  regex("ssl_version", String.raw`^(?:listener|cluster)\..*?\.ssl\.versions(\.(TLSv\d\.\d))$`),
  regex("ssl_cipher_suite", String.raw`^cluster\.${TOKEN}\.ssl\.ciphers(\.([\w-]+))$`),
  regex("http_conn_manager_prefix", String.raw`^listener\..*?\.http\.((${TOKEN})\.)`),
  regex(
    "worker_id",
    String.raw`^(?:listener\.(?:${ADDRESS}|${TOKEN})\.|(?:server|listener_manager|thread_local_cluster_manager)\.)worker_((\d+)\.)`,
  ),
  regex("listener_address", String.raw`^listener\.((${ADDRESS}|${TOKEN})\.)`, "admin"),
  regex("rds_route_config", String.raw`^http\.${TOKEN}\.rds\.(([\w.-]+)\.)\w+?$`),
  tokenized("mongo_callsite", "mongo.*.collection.*.callsite.$.query.**"),
  tokenized("mongo_collection", "mongo.*.collection.$.**.query.*"),
  tokenized("mongo_cmd", "mongo.*.cmd.$.**"),
  tokenized("grpc_bridge_method", "cluster.*.grpc.*.$.**"),
  tokenized("http_user_agent", "http.*.user_agent.$.**"),
  tokenized("virtual_cluster", "vhost.*.vcluster.$.**"),
  tokenized("fault_downstream_cluster", "http.*.fault.$.**"),
  tokenized("grpc_bridge_service", "cluster.*.grpc.$.**"),
  tokenized("tcp_prefix", "tcp.$.**"),
  tokenized("udp_prefix", "udp.$.**"),
  tokenized("clientssl_prefix", "auth.clientssl.$.**"),
  tokenized("ratelimit_prefix", "ratelimit.$.**"),
  tokenized("cluster_name", "cluster.$.**"),
  tokenized("ext_authz_prefix", "cluster.*.ext_authz.$.**"),
  tokenized("ext_authz_prefix", "http.*.ext_authz.$.**"),
  tokenized("http_conn_manager_prefix", "http.$.**"),
  tokenized("virtual_host", "vhost.$.**"),
  tokenized("mongo_prefix", "mongo.$.**"),
  tokenized("route", "vhost.*.route.$.**"),
  tokenized("thrift_prefix", "thrift.$.**"),
  tokenized("redis_prefix", "redis.$.**"),
  tokenized("local_http_ratelimit_prefix", "$.http_local_rate_limit.**"),
  tokenized("local_network_ratelimit_prefix", "local_rate_limit.$.**"),
  tokenized("local_listener_ratelimit_prefix", "listener_local_ratelimit.$.**"),
  tokenized("dns_filter_prefix", "dns_filter.$.**"),
  regex("proxy_protocol_version", String.raw`^proxy_proto\.(?:${TOKEN}\.)?(versions\.v(\d)\.)`),
  regex("proxy_protocol_prefix", String.raw`^proxy_proto\.((?!versions\.)(${TOKEN})\.)`),
];

/** Splits a name; `fixed` tags (`--stats-tag`) stand first. */
export function extractTags(name: string, fixed: readonly Tag[] = []): TaggedName {
  const tokens = name.split(".");
  const tags = [...fixed];
  const cuts: Found[] = [];
  for (const rule of RULES) {
    const found = rule.find(name, tokens);
    if (found === null || tags.some((tag) => tag.name === rule.tag)) continue;
    tags.push({ name: rule.tag, value: found.value });
    cuts.push(found);
  }
  return { name: cut(name, cuts), tags };
}

function cut(name: string, cuts: readonly Found[]): string {
  let kept = "";
  let at = 0;
  for (const { from, to } of [...cuts].sort((a, b) => a.from - b.from)) {
    if (from > at) kept += name.slice(at, from);
    at = Math.max(at, to);
  }
  return kept + name.slice(at);
}

/** `except` is a value that makes no tag. */
function regex(tag: string, source: string, except?: string): Rule {
  const pattern = new RegExp(source, "d");
  return {
    tag: `envoy.${tag}`,
    find(name) {
      const match = pattern.exec(name);
      const value = match?.[2];
      if (match?.indices?.[1] === undefined || value === undefined || value === except) return null;
      const [from, to] = match.indices[1];
      return { from, to, value };
    },
  };
}

/** `$` is the token that is taken, with its dot; `*` is one token, `**` any number of them, at least one. */
function tokenized(tag: string, pattern: string): Rule {
  const parts = pattern.split(".");
  return {
    tag: `envoy.${tag}`,
    find(_name, tokens) {
      const place = match(parts, tokens, 0, 0);
      if (place < 0) return null;
      const from = tokens.slice(0, place).reduce((sum, token) => sum + token.length + 1, 0);
      const value = tokens[place] as string;
      return { from, to: from + value.length + 1, value };
    },
  };
}

/** The index of the token that `$` stands for, or -1: the tokens do not match; -2: they match and `$` came before `part`. */
function match(parts: readonly string[], tokens: readonly string[], part: number, token: number): number {
  const wanted = parts[part];
  if (wanted === undefined) return token === tokens.length ? -2 : -1;
  if (wanted === "**") {
    for (let next = token + 1; next <= tokens.length; next++) {
      const found = match(parts, tokens, part + 1, next);
      if (found !== -1) return found;
    }
    return -1;
  }
  const here = tokens[token];
  if (here === undefined || (wanted !== "*" && wanted !== "$" && wanted !== here)) return -1;
  const rest = match(parts, tokens, part + 1, token + 1);
  return wanted === "$" && rest !== -1 ? token : rest;
}
