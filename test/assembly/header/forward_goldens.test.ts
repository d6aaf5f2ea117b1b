// The forwarding rules against what the reference proxy was seen to do: cases and goldens of the behaviour corpus, where it is at hand.

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { Core } from "../../../host/wasm/core.ts";
import type { ForwardParams } from "../../../host/wasm/forward.ts";
import { type Fields, ForwardRules } from "../../support/forward_rules.ts";

const CASES = "../shared/oracle/cases";
const SUBJECTS = [
  "x_forwarded_for",
  "x_forwarded_proto",
  "request_id",
  "x_envoy_headers_sanitised",
  "hop_by_hop_headers",
  "response_headers_of_the_proxy",
];

/** What the router says or takes away, behind the rules under test. */
const ROUTERS = new Set([
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-retry-on",
  "x-envoy-max-retries",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-service-time",
]);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

// biome-ignore lint/suspicious/noExplicitAny: documents of the corpus
type Document = any;
const rules = new ForwardRules(new Core({ seed: [3, 4] }));

if (!existsSync(CASES)) console.log(`skipped: goldens of the forwarding rules (${CASES} is not here)`);
describe.skipIf(!existsSync(CASES)).each(SUBJECTS)("%s", (subject) => {
  const documents = existsSync(CASES)
    ? parseAllDocuments(readFileSync(`${CASES}/${subject}.yaml`, "utf8"), { merge: true })
    : [];
  const [config, requests] = documents.map((document) => document.toJS() as Document);
  const golden = existsSync(CASES)
    ? JSON.parse(readFileSync(`${CASES}/golden/${subject}.json`, "utf8"))
    : { exchanges: [] };
  const listeners = new Map<string, Document>(
    (config?.static_resources.listeners ?? []).map((listener: Document) => [
      listener.name,
      listener.filter_chains[0].filters[0].typed_config,
    ]),
  );

  it.each<[string, Document, Document]>(
    golden.exchanges.map((exchange: Document) => [
      exchange.request,
      requests.find(({ name }: Document) => name === exchange.request),
      exchange,
    ]),
  )("%s", (_name, request, exchange) => {
    const manager = request.listener === undefined ? [...listeners.values()][0] : listeners.get(request.listener);
    const params = paramsOf(manager);
    const sent: Fields = [
      [":method", "GET"],
      [":path", request.path],
      [":authority", "any.example"],
      ...fieldsOf(request.headers ?? {}),
    ];
    const forwarded = rules.request(params, { address: request.door?.from ?? "127.0.0.1" }, sent);
    expect(forwarded.code).toBe(0);
    const upstream = exchange.upstream[0];
    if (upstream !== undefined)
      expect(lines(forwarded.fields, upstream.proto)).toEqual(seen(upstream.headers, manager, request));
    if (typeof request.backend === "string" || Array.isArray(request.backend)) return;

    const answer: Fields = [
      ["content-length", "13"],
      ["content-type", "text/plain"],
      ...fieldsOf(request.backend?.headers ?? {}),
    ];
    const response = rules.response(params, upstream?.proto === "h2" ? answer.slice(1) : answer, forwarded.fields);
    expect(response.code).toBe(0);
    const got = exchange.got.headers.filter((line: string) => !/^(transfer-encoding|connection):/.test(line));
    if (upstream !== undefined) expect(lines(response.fields, "h1")).toEqual(seen(got, manager, request));
  });
});

function paramsOf(manager: Document): Partial<ForwardParams> {
  return {
    useRemoteAddress: manager.use_remote_address ?? false,
    xffNumTrustedHops: manager.xff_num_trusted_hops ?? 0,
    skipXffAppend: manager.skip_xff_append ?? false,
    generateRequestId: manager.generate_request_id ?? true,
    preserveExternalRequestId: manager.preserve_external_request_id ?? false,
    alwaysSetRequestIdInResponse: manager.always_set_request_id_in_response ?? false,
    serverHeaderTransformation: manager.server_header_transformation ?? "OVERWRITE",
    serverName: manager.server_name ?? "envoy",
    via: manager.via ?? "",
    scheme: manager.scheme_header_transformation?.scheme_to_overwrite ?? "",
    localAddress: "127.0.0.1",
    internalRanges: (manager.internal_address_config?.cidr_ranges ?? []).map((range: Document) => ({
      address: range.address_prefix,
      prefixBits: range.prefix_len,
    })),
  };
}

function fieldsOf(headers: Record<string, string | string[]>): [string, string][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name.toLowerCase(), value]),
  );
}

/** The fields as the corpus writes them, sorted. */
function lines(fields: Fields, protocol: string): string[] {
  return fields
    .map(([name, value]): [string, string] => [protocol === "h1" && name === ":authority" ? "host" : name, value])
    .filter(([name]) => !ROUTERS.has(name) && (protocol === "h2" || !name.startsWith(":")))
    .map(([name, value]) => {
      if (name === "date") return "date: <*>";
      return `${name}: ${name === "x-request-id" && UUID.test(value) ? "<uuid4>" : value}`;
    })
    .sort();
}

/** What the golden shows, without what the route did. */
function seen(headers: string[], manager: Document, request: Document): string[] {
  const route = manager.route_config.virtual_hosts[0].routes.find((one: Document) =>
    request.path.startsWith(one.match.prefix),
  );
  const rewrittenHost = route?.route.host_rewrite_literal;
  return headers
    .filter((line) => !ROUTERS.has(line.slice(0, line.indexOf(":", 1))))
    .map((line) => (rewrittenHost !== undefined && line.startsWith("host:") ? "host: any.example" : line))
    .sort();
}
