/** Static secrets: of each kind, no two of one name. */
import { type At, rule } from "./rule.ts";

const KINDS = ["tls_certificate", "session_ticket_keys", "validation_context", "generic_secret"] as const;

type Secret = { readonly name?: string } & { readonly [kind in (typeof KINDS)[number]]?: object };

export const secretRules = [
  rule<{ secrets?: readonly Secret[] }>("envoy.config.bootstrap.v3.Bootstrap.StaticResources", checkSecrets),
];

function checkSecrets({ secrets = [] }: { secrets?: readonly Secret[] }, at: At): void {
  const seen = new Set<string>();
  for (const [index, secret] of secrets.entries()) {
    const place = at.element("secrets", secrets, index);
    const kind = KINDS.find((name) => secret[name] !== undefined);
    if (kind === undefined) {
      place.fail(`one of ${KINDS.join(", ")} is required`);
      continue;
    }
    const key = `${kind} ${secret.name ?? ""}`;
    if (seen.has(key)) place.fail(`duplicate static secret: ${key}`);
    seen.add(key);
  }
}
