// Rules about chains that OpenSSL does not know: depth, and trust domains.
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type CertificateValidationContext, SPIFFE_VALIDATOR } from "../../../../host/config/types/tls.ts";
import { CertificateFacts } from "../../../../host/net/tls/certificate_facts.ts";
import { ACCEPTED, FAILED_CHAIN, PeerValidator } from "../../../../host/net/tls/validation.ts";
import { makeAuthority, makeCertificate, type TestCertificate } from "../../../support/certificates.ts";
import { inline } from "../../../support/tls_net.ts";

const root = makeAuthority("root");
const middle = makeCertificate({ issuer: root, isAuthority: true, subject: [["CN", "middle"]] });
const svid = (domain: string, issuer: TestCertificate, more: object = {}) =>
  makeCertificate({ issuer, sans: [`URI:spiffe://${domain}/x`], ...more });

/** A peer that shows these, as Node links them. */
function peer(leaf: TestCertificate, ...behind: TestCertificate[]): CertificateFacts {
  const certificates = [leaf, ...behind].map(({ certificate }) => new X509Certificate(certificate));
  for (const [index, certificate] of certificates.entries()) {
    Object.defineProperty(certificate, "issuerCertificate", { value: certificates[index + 1] });
  }
  return new CertificateFacts(certificates[0] as X509Certificate);
}

describe("max_verify_depth", () => {
  const deep = (max_verify_depth: number): CertificateValidationContext => ({
    trusted_ca: inline(root.certificate),
    max_verify_depth,
  });
  const leaf = makeCertificate({ issuer: middle });

  it("counts what stands between a peer's certificate and an authority", () => {
    expect(new PeerValidator(deep(1)).judge(peer(leaf, middle, root), "", "").kind).toBe(ACCEPTED);
    const verdict = new PeerValidator(deep(0)).judge(peer(leaf, middle), "", "");
    expect(verdict.kind).toBe(FAILED_CHAIN);
    expect(verdict.failure).toContain("certificate chain too long");
    expect(new PeerValidator(deep(0)).judge(peer(makeCertificate({ issuer: root })), "", "").kind).toBe(ACCEPTED);
  });
});

describe("SPIFFE trust domains", () => {
  const [one, two] = [makeAuthority("one"), makeAuthority("two")];
  const validator = new PeerValidator({
    custom_validator_config: {
      name: "envoy.tls.cert_validator.spiffe",
      typed_config: {
        "@type": SPIFFE_VALIDATOR,
        trust_domains: [
          { name: "one.example", trust_bundle: inline(one.certificate) },
          { name: "two.example", trust_bundle: inline(two.certificate + root.certificate) },
        ],
      } as { "@type": string },
    },
  });
  // The chain holds to an authority of some domain in every case: that is OpenSSL's part.
  const judge = (facts: CertificateFacts) => validator.judge(facts, "", "");

  it("asks OpenSSL for the authorities of all", () => {
    expect(validator.authorities).toHaveLength(3);
    expect(validator.demandsCertificate).toBe(true);
  });

  it("takes a peer that its own domain vouches for, through others too", () => {
    expect(judge(peer(svid("one.example", one))).kind).toBe(ACCEPTED);
    expect(judge(peer(svid("two.example", two), two)).kind).toBe(ACCEPTED);
    expect(judge(peer(svid("two.example", middle), middle)).kind).toBe(ACCEPTED);
  });

  it.each([
    [
      "another domain vouches for it",
      peer(svid("two.example", one)),
      "not issued within the trust domain 'two.example'",
    ],
    [
      "it shows an authority of its domain that has not signed it",
      peer(svid("two.example", one), two),
      "not issued within the trust domain 'two.example'",
    ],
    [
      "nobody knows its domain",
      peer(svid("other.example", one)),
      "no trust bundle for the trust domain 'other.example'",
    ],
    ["it has no domain", peer(makeCertificate({ issuer: one, sans: ["DNS:one.example"] })), "no trust bundle"],
    ["it is an authority", peer(svid("one.example", one, { isAuthority: true })), "no SVID"],
  ])("refuses a peer when %s", (_what, facts, failure) => {
    const verdict = judge(facts);
    expect(verdict.kind).toBe(FAILED_CHAIN);
    expect(verdict.failure).toContain(failure);
  });
});
