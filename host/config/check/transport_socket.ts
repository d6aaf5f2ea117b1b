/** Transport sockets are found by the type of their config. */
import type { TypedExtension } from "../types/core.ts";
import { rule } from "./rule.ts";

export const transportSocketRules = [
  rule<TypedExtension>("envoy.config.core.v3.TransportSocket", (socket, at) => {
    if (socket.typed_config === undefined)
      at.fail("a transport socket is found by the type of its typed_config, and has none");
  }),
];
