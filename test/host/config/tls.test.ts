// What the door says of TLS: file, fault and field of bad material, and what OpenSSL cannot do.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { problemsOf } from "../../support/config_door.ts";

const folder = mkdtempSync(join(tmpdir(), "nuncio-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const authority = makeAuthority("ours");
const server = makeCertificate({ issuer: authority });
const other = makeCertificate({ issuer: authority });
const rsa = makeCertificate({ issuer: authority, keyType: "rsa" });
const wide = makeCertificate({ issuer: authority, keyType: "ec384" });

function file(name: string, text: string): { filename: string } {
  const filename = join(folder, name);
  writeFileSync(filename, text);
  return { filename };
}

const chain = file("server.pem", server.certificate);
const key = file("server.key", server.key);
const good = { certificate_chain: chain, private_key: key };
const TLS = "t/envoy.extensions.transport_sockets.tls.v3";
const MANAGER = "t/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER = "t/envoy.extensions.filters.http.router.v3.Router";

function problems({
  context = {},
  common = {},
  match = {},
}: {
  context?: object;
  common?: object;
  match?: object;
}): string[] {
  const config = {
    static_resources: {
      listeners: [
        {
          address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
          filter_chains: [
            {
              filter_chain_match: match,
              transport_socket: {
                name: "tls",
                typed_config: {
                  "@type": `${TLS}.DownstreamTlsContext`,
                  common_tls_context: { tls_certificates: [good], ...common },
                  ...context,
                },
              },
              filters: [
                {
                  name: "http",
                  typed_config: {
                    "@type": MANAGER,
                    stat_prefix: "a",
                    route_config: {},
                    http_filters: [{ name: "router", typed_config: { "@type": ROUTER } }],
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  };
  return problemsOf(JSON.stringify(config), "a.json");
}

it("takes certificates from files, inline, and from secrets by name", () => {
  const given = {
    certificate_chain: { inline_string: rsa.certificate },
    private_key: { inline_bytes: Buffer.from(rsa.key).toString("base64") },
  };
  expect(problems({ common: { tls_certificates: [good, given, good] } })).toEqual([]);
  const named = { tls_certificates: [], tls_certificate_sds_secret_configs: [sds("s", secret("s").filename)] };
  expect(problems({ common: named })).toEqual([]);
});

const certificates = (...tls_certificates: object[]) => ({ common: { tls_certificates } });
const validation = (validation_context: object) => ({ common: { validation_context } });
const params = (tls_params: object) => ({ common: { tls_params } });
const ca = file("ca.pem", authority.certificate);
const nonsense = file("nonsense.pem", "no PEM here");
const inline = (text: string) => ({ inline_string: text });
const sds = (name: string, path: string) => ({ name, sds_config: { path_config_source: { path } } });
const secret = (name: string) =>
  file(`${name}.json`, JSON.stringify({ resources: [{ "@type": `${TLS}.Secret`, name, tls_certificate: good }] }));
const broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

it.each<[string, Parameters<typeof problems>[0], string, string]>([
  [
    "a file that is not there",
    certificates({ ...good, certificate_chain: { filename: "/nowhere/a.pem" } }),
    "certificate_chain",
    "/nowhere/a.pem",
  ],
  [
    "a file without a certificate",
    certificates({ ...good, certificate_chain: nonsense }),
    "tls_certificates[0].certificate_chain",
    `from ${nonsense.filename}: no PEM certificate`,
  ],
  [
    "a certificate that does not parse",
    certificates({ ...good, certificate_chain: broken }),
    "certificate_chain",
    "certificate 1 does not parse",
  ],
  [
    "a key that does not parse",
    certificates({ ...good, private_key: nonsense }),
    "private_key",
    `from ${nonsense.filename}: it does not parse`,
  ],
  [
    "the key of another",
    certificates({ ...good, private_key: file("other.key", other.key) }),
    "private_key",
    `is not that of the certificate in ${chain.filename}`,
  ],
  [
    "a certificate without a key",
    certificates({ certificate_chain: chain }),
    "private_key",
    "a private key is required",
  ],
  ["no certificate at all", certificates(), "common_tls_context", "no TLS certificates found"],
  [
    "keys on different curves",
    certificates(good, { certificate_chain: inline(wide.certificate), private_key: inline(wide.key) }),
    "tls_certificates[1]",
    "on different curves",
  ],
  [
    "a secret that is nowhere",
    { common: { tls_certificates: [], tls_certificate_sds_secret_configs: [{ name: "a" }] } },
    "tls_certificate_sds_secret_configs[0]",
    "unknown static secret 'a'",
  ],
  [
    "a file that holds no secret",
    { common: { tls_certificate_sds_secret_configs: [sds("a", nonsense.filename)] } },
    "tls_certificate_sds_secret_configs[0]",
    `in ${nonsense.filename}`,
  ],
  [
    "a file that holds another secret",
    { common: { validation_context_sds_secret_config: sds("a", secret("b").filename) } },
    "validation_context_sds_secret_config",
    "to start without secret 'a' and wait for it is not supported yet",
  ],
  [
    "a file that holds another kind of secret",
    {
      common: {
        combined_validation_context: {
          default_validation_context: {},
          validation_context_sds_secret_config: sds("b", secret("b").filename),
        },
      },
    },
    "combined_validation_context.validation_context_sds_secret_config",
    "is no validation_context",
  ],
  [
    "a secret from a server",
    { common: { tls_certificate_sds_secret_configs: [{ name: "a", sds_config: { ads: {} } }] } },
    "ads",
    "not supported yet",
  ],
  [
    "authorities that are none",
    validation({ trusted_ca: nonsense }),
    "validation_context.trusted_ca",
    "failed to load trusted CA certificates",
  ],
  [
    "revocations that are none",
    validation({ trusted_ca: ca, crl: nonsense }),
    "validation_context.crl",
    "failed to load CRL",
  ],
  ["revocations without an authority", validation({ crl: nonsense }), "validation_context.crl", "without trusted_ca"],
  [
    "names without an authority",
    validation({ match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: "a" } }] }),
    "match_typed_subject_alt_names",
    "insecure",
  ],
  [
    "a hash that is none",
    validation({ verify_certificate_hash: ["zz".repeat(32)] }),
    "verify_certificate_hash[0]",
    "invalid hex-encoded SHA-256",
  ],
  [
    "a key hash that is none",
    validation({ verify_certificate_spki: ["A".repeat(44)] }),
    "verify_certificate_spki[0]",
    "invalid base64-encoded SHA-256",
  ],
  [
    "an expired peer to be taken",
    validation({ trusted_ca: ca, allow_expired_certificate: true }),
    "allow_expired_certificate",
    "not supported yet",
  ],
  [
    "a cipher that nobody knows",
    params({ cipher_suites: ["NOT-A-CIPHER"] }),
    "cipher_suites[0]",
    "unknown cipher suite",
  ],
  ["ciphers of equal preference", params({ cipher_suites: ["[A|B]"] }), "cipher_suites[0]", "not supported yet"],
  ["a curve that nobody knows", params({ ecdh_curves: ["P-0"] }), "ecdh_curves[0]", "unknown curve"],
  [
    "a version of HTTP that is not spoken",
    { common: { alpn_protocols: ["h3"] } },
    "transport_socket",
    "none of h3 is spoken by the connection manager",
  ],
  [
    "a ticket key of another length",
    { context: { session_ticket_keys: { keys: [{ inline_string: "short" }] } } },
    "session_ticket_keys",
    "expected 80",
  ],
  [
    "several ticket keys",
    { context: { session_ticket_keys: { keys: [inline("a".repeat(80)), inline("b".repeat(80))] } } },
    "session_ticket_keys",
    "more than one",
  ],
  [
    "a key log in a folder that is not there",
    { common: { key_log: { path: "/nowhere/key.log" } } },
    "key_log.path",
    "unable to open file '/nowhere/key.log'",
  ],
  ["a wildcard within a name", { match: { server_names: ["a*.example"] } }, "server_names", "partial wildcards"],
])("names field and fault: %s", (_what, config, field, fault) => {
  const said = problems(config);
  expect(
    said.filter((line) => line.includes(field) && line.includes(fault)),
    said.join("\n"),
  ).toHaveLength(1);
});
