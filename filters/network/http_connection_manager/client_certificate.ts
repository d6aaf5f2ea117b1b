/** What x-forwarded-client-cert tells of a client (`set_current_client_cert_details`), in Envoy's order. */

import type { SetCurrentClientCertDetails } from "../../../host/config/types/http_connection_manager.ts";
import type { TlsFacts } from "../../../host/net/tls/tls_facts.ts";

/** `By=...;Hash=...;Subject="..."`; empty: the client has shown no certificate. */
export function clientCertText({ peer, local }: TlsFacts, details: SetCurrentClientCertDetails): string {
  if (peer === null) return "";
  const by = local?.sansOf("URI")[0];
  const parts = by === undefined ? [] : [`By=${by}`];
  parts.push(`Hash=${peer.fingerprint256}`);
  if (details.cert === true) parts.push(`Cert="${peer.urlEncodedPem}"`);
  if (details.chain === true) parts.push(`Chain="${peer.chain.map(({ urlEncodedPem }) => urlEncodedPem).join("")}"`);
  if (details.subject === true) parts.push(`Subject="${peer.subject.replaceAll('"', '\\"')}"`);
  const uris = peer.sansOf("URI");
  if (details.uri === true) parts.push(...(uris.length === 0 ? [""] : uris).map((uri) => `URI=${uri}`));
  if (details.dns === true) parts.push(...peer.sansOf("DNS").map((name) => `DNS=${name}`));
  return parts.join(";");
}
