/**
 * Which certificates of a peer are accepted (tls.v3.CertificateValidationContext), in Envoy's order: chain, names, pins. OpenSSL
 * checks the chain; names and pins are ours.
 */

import { compileStringPredicate } from "../../config/string_predicate.ts";
import { readAuthorities, readRevocations } from "../../config/tls_material.ts";
import {
  type CertificateValidationContext,
  SPIFFE_VALIDATOR,
  type SpiffeValidatorConfig,
  type SubjectAltNameMatcher,
} from "../../config/types/tls.ts";
import { utf8AsLatin1 } from "../../wasm/text.ts";
import type { CertificateFacts, SanKind } from "./certificate_facts.ts";
import { failureOfChain, failureOfVerification } from "./failure_reason.ts";
import { SpiffeTrust } from "./spiffe.ts";

export const ACCEPTED = 0;
export const NOT_VALIDATED = 1;
export const FAILED_CHAIN = 2;
export const FAILED_SAN = 3;
export const FAILED_PIN = 4;

export interface Verdict {
  readonly kind: typeof ACCEPTED | typeof NOT_VALIDATED | typeof FAILED_CHAIN | typeof FAILED_SAN | typeof FAILED_PIN;
  /** In Envoy's words; empty where the certificate passes. */
  readonly failure: string;
  /** The chain did not hold, and `ACCEPT_UNTRUSTED` let it pass: counted all the same. */
  readonly chainFailed: boolean;
}

interface NameRule {
  readonly kind: SanKind;
  readonly test: (name: string) => boolean;
}

export class PeerValidator {
  /** PEM; absent: no authority is asked. */
  readonly authorities: readonly string[] | undefined;
  readonly revocations: string | undefined;
  private readonly names: readonly NameRule[];
  private readonly hashes: ReadonlySet<string>;
  private readonly keyHashes: ReadonlySet<string>;
  private readonly acceptsUntrusted: boolean;
  private readonly depthMax: number;
  private readonly spiffe: SpiffeTrust | null;
  /** DER of the authorities in hex, where depth is counted. */
  private readonly anchors: ReadonlySet<string>;

  /** Throws TlsMaterialError. */
  constructor(context: CertificateValidationContext = {}) {
    const { trusted_ca: ca, crl, match_typed_subject_alt_names: names = [] } = context;
    const custom = context.custom_validator_config?.typed_config;
    this.spiffe = custom?.["@type"] === SPIFFE_VALIDATOR ? new SpiffeTrust(custom as SpiffeValidatorConfig) : null;
    const trusted = this.spiffe?.authorities ?? (ca === undefined ? undefined : readAuthorities(ca));
    this.authorities = trusted?.map((certificate) => certificate.toString());
    this.depthMax = context.max_verify_depth ?? Number.POSITIVE_INFINITY;
    this.anchors = new Set(trusted?.map(({ raw }) => raw.toString("hex")));
    this.revocations = crl === undefined ? undefined : readRevocations(crl);
    this.names = names.map(nameRule);
    this.hashes = new Set(
      (context.verify_certificate_hash ?? []).map((hash) => hash.replaceAll(":", "").toLowerCase()),
    );
    this.keyHashes = new Set(context.verify_certificate_spki ?? []);
    this.acceptsUntrusted = context.trust_chain_verification === "ACCEPT_UNTRUSTED";
  }

  /** A peer without anything to be checked against is taken as it comes. */
  get checksAnything(): boolean {
    return this.authorities !== undefined || this.hasPins;
  }

  /** Without a certificate there is nothing that could pass. */
  get demandsCertificate(): boolean {
    return this.checksAnything || this.names.length > 0;
  }

  /** A chain that does not hold ends the handshake whatever else is true. */
  get insistsOnChain(): boolean {
    return this.authorities !== undefined && !this.acceptsUntrusted;
  }

  private get hasPins(): boolean {
    return this.hashes.size > 0 || this.keyHashes.size > 0;
  }

  /**
   * @param chainError Node's name for what is wrong with the chain, empty: nothing
   * @param expectedName the server name that must stand among the names (`auto_sni_san_validation`), or empty
   */
  judge(peer: CertificateFacts, chainError: string, expectedName: string): Verdict {
    const error = chainError === "" && this.isTooDeep(peer) ? "CERT_CHAIN_TOO_LONG" : chainError;
    const chainFailed = this.authorities !== undefined && error !== "";
    const refuse = (kind: Verdict["kind"], failure: string): Verdict => ({ kind, failure, chainFailed });
    if (chainFailed && !this.acceptsUntrusted) return refuse(FAILED_CHAIN, failureOfChain(error));
    const stranger = this.spiffe === null || chainFailed ? "" : this.spiffe.refusal(peer);
    if (stranger !== "") return refuse(FAILED_CHAIN, failureOfVerification(stranger));
    const rules = expectedName === "" ? this.names : [serverNameRule(expectedName)];
    if (rules.length > 0 && !rules.some(({ kind, test }) => peer.sansOf(kind).some(test))) {
      const shown = peer.sans.map(({ value }) => value).join(", ");
      return refuse(FAILED_SAN, failureOfVerification(`SAN matcher, certificate SANs are [${shown}]`));
    }
    if (this.hasPins && !this.hashes.has(peer.fingerprint256) && !this.keyHashes.has(peer.spkiHash)) {
      return refuse(FAILED_PIN, failureOfVerification("cert hash and spki"));
    }
    const isValidated = this.checksAnything && !chainFailed;
    return { kind: isValidated ? ACCEPTED : NOT_VALIDATED, failure: "", chainFailed };
  }

  /** More certificates between the peer's and an authority than may be. */
  private isTooDeep(peer: CertificateFacts): boolean {
    if (this.depthMax === Number.POSITIVE_INFINITY || this.authorities === undefined) return false;
    const between = peer.chain.slice(1).filter(({ certificate }) => !this.anchors.has(certificate.raw.toString("hex")));
    return between.length > this.depthMax;
  }
}

function nameRule({ san_type: kind, matcher }: SubjectAltNameMatcher): NameRule {
  // An exact DNS name is met by a wildcard of the certificate too.
  if (kind === "DNS" && matcher.exact !== undefined) return serverNameRule(matcher.exact);
  const matches = compileStringPredicate(matcher);
  return { kind, test: (name) => matches(utf8AsLatin1(name)) };
}

function serverNameRule(name: string): NameRule {
  return { kind: "DNS", test: (san) => coversName(san.toLowerCase(), name.toLowerCase()) };
}

/** Whether a name of a certificate, maybe with `*` as its whole first label, covers a host name (RFC 6125 6.4.3). */
function coversName(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  if (!pattern.startsWith("*.")) return false;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}
