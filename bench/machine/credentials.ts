import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificate } from "../../test/support/certificates.ts";

/** A certificate of its own, ECDSA P-256, for this run: paths of the PEM files. */
export function writeCredentials(folder: string): { certificate: string; key: string } {
  const { certificate, key } = makeCertificate({ subject: [["CN", "bench.example"]], sans: ["DNS:bench.example"] });
  const files = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  return files;
}
