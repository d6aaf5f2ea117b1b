/**
 * envoy.tls.cert_validator.spiffe: a peer's certificate must lead to an authority of its own trust domain, which the first URI among its
 * names says (SPIFFE X509-SVID, 2 and 5). OpenSSL has found that it leads to an authority of some domain.
 */

import type { X509Certificate } from "node:crypto";
import { readAuthorities } from "../../config/tls_material.ts";
import type { SpiffeValidatorConfig } from "../../config/types/tls.ts";
import type { CertificateFacts } from "./certificate_facts.ts";

export class SpiffeTrust {
  private readonly domains: ReadonlyMap<string, readonly X509Certificate[]>;

  /** Throws TlsMaterialError. */
  constructor({ trust_domains: domains = [] }: SpiffeValidatorConfig) {
    this.domains = new Map(
      domains.map(({ name, trust_bundle: bundle }) => [name, bundle === undefined ? [] : readAuthorities(bundle)]),
    );
  }

  /** Of all domains. */
  get authorities(): readonly X509Certificate[] {
    return [...this.domains.values()].flat();
  }

  /** What is wrong with a peer whose chain holds; empty: nothing. */
  refusal(peer: CertificateFacts): string {
    if (peer.certificate.ca) return "a certificate of an authority is no SVID";
    const domain = trustDomainOf(peer.sansOf("URI")[0] ?? "");
    const bundle = this.domains.get(domain);
    if (bundle === undefined) return `no trust bundle for the trust domain '${domain}'`;
    return leadsTo(peer.certificate, bundle) ? "" : `not issued within the trust domain '${domain}'`;
  }
}

/** `spiffe://domain/path`; empty: it is no SPIFFE id. */
function trustDomainOf(uri: string): string {
  return /^spiffe:\/\/([^/]+)/.exec(uri)?.[1] ?? "";
}

/** Whether a certificate is one of these, or signed by one, at the end of a chain of signatures. */
function leadsTo(leaf: X509Certificate, bundle: readonly X509Certificate[]): boolean {
  let at = leaf;
  for (let depth = 0; depth < 100; depth++) {
    const current = at;
    if (bundle.some((ca) => ca.raw.equals(current.raw) || isSignedBy(current, ca))) return true;
    const next = current.issuerCertificate as X509Certificate | undefined;
    if (next === undefined || next.raw.equals(current.raw) || !isSignedBy(current, next)) return false;
    at = next;
  }
  return false;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
