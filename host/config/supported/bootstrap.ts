/** The bootstrap, the node, the runtime, overload. */

import type { MessageSupport } from "./message_support.ts";

export const bootstrapMessages: Readonly<Record<string, MessageSupport>> = {
  "envoy.config.bootstrap.v3.Bootstrap": {
    read: [
      "node",
      "static_resources",
      "admin",
      "layered_runtime",
      "overload_manager",
      "stats_flush_interval",
      "cluster_manager",
      "application_log_config",
      "bootstrap_extensions",
    ],
    inert: {
      tracing: "the default tracer of connection managers that trace, and none does yet",
      watchdog: "Envoy's dispatchers do not exist here; workers are watched by their supervisor",
      watchdogs: "Envoy's dispatchers do not exist here; workers are watched by their supervisor",
      deferred_stat_options: "saves memory in Envoy; here a stat exists once it is used or shown",
      stats_eviction_interval: "saves memory in Envoy; here stats that nobody uses cost next to nothing",
      default_socket_interface: "names the kind of socket that is used anyway",
      stats_server_version_override: "a number in the admin pages, which show our own version",
      enable_dispatcher_stats: "Envoy's dispatchers do not exist here",
    },
    only: { default_socket_interface: ["envoy.extensions.network.socket_interface.default_socket_interface"] },
  },
  "envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig": { read: ["log_format"] },
  "envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat": { read: ["text_format", "json_format"] },
  "envoy.extensions.bootstrap.internal_listener.v3.InternalListener": {
    read: [],
    inert: { buffer_size_kb: "of internal listeners, which are not supported yet" },
  },
  "envoy.extensions.network.socket_interface.v3.DefaultSocketInterface": {
    read: [],
    inert: { io_uring_options: "which system calls move the bytes is ours to choose" },
  },
  "envoy.config.bootstrap.v3.Bootstrap.StaticResources": {
    read: ["listeners", "clusters", "secrets"],
  },
  "envoy.config.bootstrap.v3.Admin": {
    read: ["access_log_path", "address", "access_log", "allow_paths"],
    inert: {
      profile_path: "there is no CPU profile to write",
      ignore_global_conn_limit: "there is no global connection limit",
    },
  },
  "envoy.config.overload.v3.OverloadManager": { read: ["refresh_interval", "resource_monitors", "actions"] },
  "envoy.config.overload.v3.ResourceMonitor": { read: ["name", "typed_config"] },
  "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig": { read: ["max_heap_size_bytes"] },
  "envoy.config.overload.v3.OverloadAction": { read: ["name", "triggers"] },
  "envoy.config.overload.v3.Trigger": { read: ["name", "threshold"] },
  "envoy.config.overload.v3.ThresholdTrigger": { read: ["value"] },
  "envoy.config.bootstrap.v3.LayeredRuntime": { read: ["layers"] },
  "envoy.config.bootstrap.v3.RuntimeLayer": { read: ["name", "static_layer", "admin_layer"] },
  "envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer": { read: [] },
  "envoy.config.bootstrap.v3.ClusterManager": {
    read: [],
    inert: {
      local_cluster_name: "used by zone aware routing only, which is not supported yet",
      outlier_detection: "the log of a detection that is not supported yet",
      enable_deferred_cluster_creation:
        "saves memory in Envoy; a worker without traffic for a cluster holds little of it",
    },
  },
  "envoy.config.core.v3.Node": {
    read: ["id", "cluster", "metadata", "locality"],
    inert: {
      user_agent_name: "told to a control plane only",
      user_agent_version: "told to a control plane only",
      user_agent_build_version: "told to a control plane only",
      extensions: "told to a control plane only",
      client_features: "told to a control plane only",
      listening_addresses: "told to a control plane only",
    },
  },
  "envoy.config.core.v3.Locality": { read: ["region", "zone", "sub_zone"] },
};
