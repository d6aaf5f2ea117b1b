/** Actions of the overload manager that we have, by Envoy's names. */
export const OVERLOAD_ACTION_NAMES = [
  "envoy.overload_actions.stop_accepting_requests",
  "envoy.overload_actions.disable_http_keepalive",
  "envoy.overload_actions.reject_incoming_connections",
  "envoy.overload_actions.shrink_heap",
] as const;

export type OverloadActionName = (typeof OVERLOAD_ACTION_NAMES)[number];
