/**
 * Which of several certificates a server shows, in Envoy's order: those whose names cover the server name that the client asks for,
 * exactly or with `*` as their first label; without a name, any; with a name that none covers, the first one, or any where
 * `full_scan_certs_on_sni_mismatch` is set. Among those the first of each type of key, and OpenSSL takes the type that the client can check.
 */

import type { NamedIdentity } from "./material.ts";

export class CertificateChoice {
  private readonly byName = new Map<string, NamedIdentity[]>();
  private readonly anyOf: readonly NamedIdentity[];
  private readonly otherwise: readonly NamedIdentity[];

  /** @param all at least one */
  constructor(all: readonly NamedIdentity[], scansAll: boolean) {
    // One is shown to everybody.
    for (const one of all.length === 1 ? [] : all) {
      for (const name of namesOf(one)) {
        const known = this.byName.get(name) ?? [];
        this.byName.set(name, firstOfEachType([...known, one]));
      }
    }
    this.anyOf = firstOfEachType(all);
    this.otherwise = scansAll || all.length === 1 ? this.anyOf : all.slice(0, 1);
  }

  /** For a client that asks for no name. */
  get withoutName(): readonly NamedIdentity[] {
    return this.anyOf;
  }

  /** The same array for the same certificates. @param serverName in any case */
  forName(serverName: string): readonly NamedIdentity[] {
    if (this.byName.size === 0) return this.otherwise;
    const name = serverName.toLowerCase();
    const dot = name.indexOf(".");
    return this.byName.get(name) ?? (dot > 0 ? this.byName.get(`*${name.slice(dot)}`) : undefined) ?? this.otherwise;
  }
}

/** Names in the certificate, or the common name where it has none. */
function namesOf({ facts }: NamedIdentity): readonly string[] {
  const names = facts.sansOf("DNS").map((name) => name.toLowerCase());
  if (names.length > 0) return names;
  const common = /(?:^|\n)CN=(.*)$/m.exec(facts.certificate.subject ?? "")?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

function firstOfEachType(all: readonly NamedIdentity[]): NamedIdentity[] {
  const types = new Map<string, NamedIdentity>();
  for (const one of all) {
    const type = one.identity.key.asymmetricKeyType ?? "";
    if (!types.has(type)) types.set(type, one);
  }
  return [...types.values()];
}
