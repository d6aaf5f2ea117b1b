/** Who we are, in the shape that tools for Envoy read: `REVISION/VERSION/STATUS/BUILD/TLS LIBRARY`. */

import { readFileSync } from "node:fs";

/** As package.json says; a test compares them. */
export const VERSION = "0.1.0";

/** Of the protocol between a parent and its child in a hot restart: Envoy's number, since its tools compare it. */
export const HOT_RESTART_VERSION = "11.104";

/** The whole version, e.g. `5e892d0.../0.1.0/Clean/RELEASE/OpenSSL`. */
export function serverVersion(): string {
  return `${revision() ?? `v${VERSION}`}/${VERSION}/Clean/RELEASE/OpenSSL`;
}

/** The same as facts of a build (envoy.config.core.v3.BuildVersion.metadata). */
export function buildFacts(): Record<string, string> {
  return { "revision.sha": revision() ?? `v${VERSION}`, "revision.status": "Clean", "build.type": "RELEASE" };
}

/** The commit of a checkout; null where there is none (an installed package, an export). */
function revision(): string | null {
  if (import.meta.url === undefined) return null;
  const git = new URL("../.git/", import.meta.url);
  try {
    const head = readFileSync(new URL("HEAD", git), "utf8").trim();
    const commit = head.startsWith("ref: ") ? readFileSync(new URL(head.slice(5), git), "utf8").trim() : head;
    return /^[0-9a-f]{40}$/.test(commit) ? commit : null;
  } catch {
    return null;
  }
}
