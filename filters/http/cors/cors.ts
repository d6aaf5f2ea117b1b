/**
 * envoy.filters.http.cors (Fetch standard, 3.2): answers preflights for origins that the route's policy allows, and tells
 * browsers on every other answer to them.
 */

import {
  CONTINUE,
  type FilterStream,
  type HttpFilter,
  type HttpFilterFactory,
  STOP,
} from "../../../host/http/filter.ts";
import type { HeaderMap } from "../../../host/wasm/header_view.ts";
import { type CorsPolicy, decodeCorsPolicy, mergePolicies } from "./config.ts";

const NAME = "envoy.filters.http.cors";

export const cors: HttpFilterFactory<object> = {
  name: NAME,
  typeNames: ["envoy.extensions.filters.http.cors.v3.Cors"],
  routeTypeNames: ["envoy.extensions.filters.http.cors.v3.CorsPolicy"],
  decode: (config) => config,
  decodeRoute: decodeCorsPolicy,
  create(_config, { scope, filterName, random }) {
    const valid = scope.counter("cors.origin_valid");
    const invalid = scope.counter("cors.origin_invalid");
    return {
      onStream: () => corsOfOneStream(filterName, random, (isAllowed) => (isAllowed ? valid : invalid).inc()),
    };
  },
};

function corsOfOneStream(filterName: string, random: () => number, count: (isAllowed: boolean) => void): HttpFilter {
  let allowed: { readonly origin: string; readonly policy: CorsPolicy } | null = null;

  return {
    onRequestHeaders(stream: FilterStream, headers: HeaderMap) {
      const origin = headers.get("origin");
      if (origin === undefined || origin === "") return CONTINUE;
      const policy = mergePolicies(stream.routeConfigs<CorsPolicy>(filterName));
      if (policy === undefined) return CONTINUE;
      const isPreflight = headers.get(":method") === "OPTIONS" && headers.has("access-control-request-method");
      const dice = random();
      const isEnabled = dice < policy.enabledBelow;
      if (!isEnabled && dice >= policy.shadowBelow) return CONTINUE;
      const isAllowed = policy.allowsOrigin?.(origin) ?? false;
      count(isAllowed);
      if (!isEnabled) return CONTINUE;
      if (!isAllowed && (!isPreflight || (policy.forwardsOtherPreflights ?? true))) return CONTINUE;
      if (isAllowed) allowed = { origin, policy };
      if (!isPreflight) return CONTINUE;
      const wantsPrivate = headers.get("access-control-request-private-network") === "true";
      stream.sendLocalReply(200, "", "cors_response", 0, (answer) => {
        if (isAllowed) answerPreflight(answer, policy, wantsPrivate);
      });
      return STOP;
    },

    onResponseHeaders(_stream: FilterStream, headers: HeaderMap) {
      if (allowed === null) return CONTINUE;
      const { origin, policy } = allowed;
      headers.set("access-control-allow-origin", origin);
      if (policy.allowCredentials) headers.set("access-control-allow-credentials", "true");
      if (policy.exposeHeaders !== undefined) headers.set("access-control-expose-headers", policy.exposeHeaders);
      return CONTINUE;
    },
  };
}

function answerPreflight(answer: HeaderMap, policy: CorsPolicy, wantsPrivate: boolean): void {
  if (policy.allowMethods !== undefined) answer.set("access-control-allow-methods", policy.allowMethods);
  if (policy.allowHeaders !== undefined) answer.set("access-control-allow-headers", policy.allowHeaders);
  if (policy.maxAge !== undefined) answer.set("access-control-max-age", policy.maxAge);
  if (wantsPrivate && policy.allowPrivateNetworkAccess) answer.set("access-control-allow-private-network", "true");
}
