/** /config_dump: envoy.admin.v3.ConfigDump, all that is in force as it was decoded, with the time since when. */

import { RE2JS, RE2JSSyntaxException } from "re2js";
import { printMessage, printTyped } from "../../config/print.ts";
import type { Bootstrap } from "../../config/types/bootstrap.ts";
import type { Any, Json, JsonObject } from "../../config/types/core.ts";
import type { RouteConfiguration } from "../../config/types/route.ts";
import type { Secret } from "../../config/types/tls.ts";
import type { AdminContext, ConfigInForce, Loaded } from "../context.ts";
import { endpointsJson } from "../endpoint_dump.ts";
import { applyMask } from "../field_mask.ts";
import { type AdminResponse, type AdminRoute, json } from "../request.ts";
import { regexProblem } from "../stats/params.ts";

const ADMIN = "type.googleapis.com/envoy.admin.v3.";
const CLUSTER = "envoy.config.cluster.v3.Cluster";
const LISTENER = "envoy.config.listener.v3.Listener";
const ROUTES = "envoy.config.route.v3.RouteConfiguration";
const SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";
const MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

export const configDump: AdminRoute<AdminContext> = {
  path: "/config_dump",
  help: "dump current Envoy configs",
  changes: false,
  params: [
    { name: "resource", help: "The resource to dump" },
    {
      name: "mask",
      help: "The mask to apply. When both resource and mask are specified, the mask is applied to every element in the desired repeated field so that only a subset of fields are returned. The mask is parsed as a Protobuf::FieldMask",
    },
    {
      name: "name_regex",
      help: "Dump only the currently loaded configurations whose names match the specified regex. Can be used with both resource and mask query parameters.",
    },
    {
      name: "include_eds",
      help: "Dump currently loaded configuration including EDS. See the response definition for more information",
    },
  ],
  handle(context, { query }) {
    const matches = nameFilter(query.get("name_regex"));
    if (typeof matches === "string") return refuse(matches, 400);
    const resource = query.get("resource");
    const mask = query.get("mask")?.split(",") ?? null;
    const parts = dump(context, matches, query.has("include_eds"));
    if (resource !== null) return oneResource(parts, resource, mask);
    if (mask === null)
      return json({ configs: parts.map(({ type, fields }) => ({ "@type": ADMIN + type, ...fields })) });
    const masked = parts.flatMap(({ type, fields }) => {
      const kept = applyMask(fields, mask);
      return kept === null ? [] : [{ "@type": ADMIN + type, ...kept }];
    });
    if (masked.length > 0) return json({ configs: masked });
    return refuse(`FieldMask ${mask.join(",")} could not be successfully applied to any configs.`, 400);
  },
};

/** One message of the dump: its type below envoy.admin.v3, and its fields. */
interface Part {
  readonly type: string;
  readonly fields: JsonObject;
  /** Types of the elements of its lists, by field. */
  readonly elements: Readonly<Record<string, string>>;
}

function refuse(body: string, status: number): AdminResponse {
  return { status, contentType: "text/plain", body, nosniffTwice: true };
}

/** A regular expression that matches anywhere in a name; the text of a 400 where it is none. */
function nameFilter(source: string | null): ((name: string) => boolean) | string {
  if (source === null || source === "") return () => true;
  try {
    const pattern = RE2JS.compile(source);
    return (name) => pattern.matcher(name).matches();
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    return `INVALID_ARGUMENT: Error while parsing name_regex from ${source}: ${regexProblem(error)}`;
  }
}

/** `?resource=`: the elements of one list, each with its type. */
function oneResource(parts: readonly Part[], resource: string, mask: readonly string[] | null): AdminResponse {
  const part = parts.find(({ elements, fields }) => resource in elements || resource in fields);
  if (part === undefined) return refuse(`${resource} not found in config dump`, 404);
  const type = part.elements[resource];
  if (type === undefined) {
    return refuse(`${resource} is not a repeated field. Use ?mask=${resource} to get only this field`, 400);
  }
  const elements = (part.fields[resource] ?? []) as readonly JsonObject[];
  const configs = [];
  for (const element of elements) {
    const kept = mask === null ? element : applyMask(element, mask);
    if (kept === null) return refuse(`FieldMask ${mask?.join(",")} could not be successfully used.`, 400);
    configs.push({ "@type": ADMIN + type, ...kept });
  }
  return json(configs.length === 0 ? {} : { configs });
}

function dump(context: AdminContext, matches: (name: string) => boolean, withEndpoints: boolean): Part[] {
  const config = context.config();
  const clusters = config.clusters.filter(({ config: { name } }) => matches(name));
  const listeners = config.listeners.filter(({ config: { name } }) => matches(name ?? ""));
  const routes = config.listeners.flatMap(inlineRoutes).filter((loaded) => matches(loaded.config.name ?? ""));
  const parts: Part[] = [
    {
      type: "BootstrapConfigDump",
      fields: {
        bootstrap: {
          // Who we are, and not only what the file says of it.
          node: withoutDefaults(context.info().node as JsonObject),
          ...withoutNode(printMessage("envoy.config.bootstrap.v3.Bootstrap", config.bootstrap.config)),
        },
        last_updated: time(config.bootstrap.updatedMs),
      },
      elements: {},
    },
    {
      type: "ClustersConfigDump",
      fields: list("static_clusters", clusters, "cluster", CLUSTER),
      elements: {
        static_clusters: "ClustersConfigDump.StaticCluster",
        dynamic_active_clusters: "ClustersConfigDump.DynamicCluster",
        dynamic_warming_clusters: "ClustersConfigDump.DynamicCluster",
      },
    },
  ];
  if (withEndpoints) {
    const endpoints = context.clusters().filter(({ name }) => matches(name));
    const assignments = new Map(config.clusters.map((loaded) => [loaded.config.name, loaded.config.load_assignment]));
    const elements = endpoints.map((cluster) => ({
      endpoint_config: endpointsJson(cluster, assignments.get(cluster.name)),
    }));
    parts.push({
      type: "EndpointsConfigDump",
      fields: elements.length === 0 ? {} : { static_endpoint_configs: elements },
      elements: {
        static_endpoint_configs: "EndpointsConfigDump.StaticEndpointConfig",
        dynamic_endpoint_configs: "EndpointsConfigDump.DynamicEndpointConfig",
      },
    });
  }
  parts.push(
    {
      type: "ListenersConfigDump",
      fields: list("static_listeners", listeners, "listener", LISTENER),
      elements: {
        static_listeners: "ListenersConfigDump.StaticListener",
        dynamic_listeners: "ListenersConfigDump.DynamicListener",
      },
    },
    {
      type: "ScopedRoutesConfigDump",
      fields: {},
      elements: {
        inline_scoped_route_configs: "ScopedRoutesConfigDump.InlineScopedRouteConfigs",
        dynamic_scoped_route_configs: "ScopedRoutesConfigDump.DynamicScopedRouteConfigs",
      },
    },
    {
      type: "RoutesConfigDump",
      fields: list("static_route_configs", routes, "route_config", ROUTES),
      elements: {
        static_route_configs: "RoutesConfigDump.StaticRouteConfig",
        dynamic_route_configs: "RoutesConfigDump.DynamicRouteConfig",
      },
    },
    {
      type: "SecretsConfigDump",
      fields: { ...staticSecrets(config.bootstrap.config, matches), ...activeSecrets(config.secrets, matches) },
      elements: {
        static_secrets: "SecretsConfigDump.StaticSecret",
        dynamic_active_secrets: "SecretsConfigDump.DynamicSecret",
        dynamic_warming_secrets: "SecretsConfigDump.DynamicSecret",
      },
    },
  );
  return parts;
}

function staticSecrets({ static_resources }: Bootstrap, matches: (name: string) => boolean): JsonObject {
  const secrets = (static_resources?.secrets ?? []).filter(({ name = "" }) => matches(name));
  if (secrets.length === 0) return {};
  return { static_secrets: secrets.map((secret) => ({ name: secret.name ?? "", secret: printTyped(SECRET, secret) })) };
}

function activeSecrets(loaded: readonly Loaded<Secret>[], matches: (name: string) => boolean): JsonObject {
  const secrets = loaded.filter(({ config: { name = "" } }) => matches(name));
  if (secrets.length === 0) return {};
  return {
    dynamic_active_secrets: secrets.map(({ config, updatedMs }) => ({
      name: config.name ?? "",
      last_updated: time(updatedMs),
      secret: printTyped(SECRET, config),
    })),
  };
}

/** A list of a dump; an empty one is left out. */
function list(name: string, loaded: readonly Loaded<object>[], field: string, type: string): JsonObject {
  if (loaded.length === 0) return {};
  const elements = loaded.map(({ config, updatedMs }) => ({
    [field]: printTyped(type, config),
    last_updated: time(updatedMs),
  }));
  return { [name]: elements };
}

function withoutNode({ node: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

/** Members that say nothing are left out, as protobuf's JSON does unless told otherwise. */
function withoutDefaults(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, Json][] => {
      if (name === "metadata") return [[name, value]];
      if (Array.isArray(value)) {
        const elements = value.map((element) => (isObject(element) ? withoutDefaults(element) : element));
        return elements.length === 0 ? [] : [[name, elements]];
      }
      if (isObject(value)) {
        const members = withoutDefaults(value);
        return Object.keys(members).length === 0 ? [] : [[name, members]];
      }
      return value === "" || value === 0 || value === false ? [] : [[name, value]];
    }),
  );
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Route tables that stand inside the connection managers of a listener. */
function inlineRoutes({ config, updatedMs }: ConfigInForce["listeners"][number]): Loaded<RouteConfiguration>[] {
  const chains = [
    ...(config.filter_chains ?? []),
    ...(config.default_filter_chain ? [config.default_filter_chain] : []),
  ];
  return chains.flatMap(({ filters = [] }) =>
    filters.flatMap(({ typed_config }) => {
      if (typed_config?.["@type"] !== MANAGER) return [];
      const { route_config } = typed_config as Any & { readonly route_config?: RouteConfiguration };
      return route_config === undefined ? [] : [{ config: route_config, updatedMs }];
    }),
  );
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
