/**
 * `path_with_escaped_slashes_action`, `normalize_path` and `merge_slashes`, in Envoy's order. Only the part before the query
 * is touched. RFC 3986 5.2.4 for dot segments; like the URL parser behind Envoy, a backslash counts as a slash,
 * escaped unreserved characters are decoded (6.2.2.2), and a path with an escaped NUL is refused.
 */

import type { HttpConnectionManager } from "../config/types/http_connection_manager.ts";
import type { NormalizedPath, PathNormalizer } from "./connection_manager.ts";

const ESCAPED_SLASH = /%(?:2f|5c)/gi;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Null when the config leaves paths as they come. */
export function createPathNormalizer(config: HttpConnectionManager): PathNormalizer | null {
  const action = config.path_with_escaped_slashes_action ?? "IMPLEMENTATION_SPECIFIC_DEFAULT";
  const unescapes = action === "UNESCAPE_AND_REDIRECT" || action === "UNESCAPE_AND_FORWARD";
  const rejects = action === "REJECT_REQUEST";
  const normalizes = config.normalize_path ?? false;
  const merges = config.merge_slashes ?? false;
  if (!unescapes && !rejects && !normalizes && !merges) return null;

  return {
    normalize(target: string): NormalizedPath {
      const queryAt = target.search(/[?#]/);
      const query = queryAt < 0 ? "" : target.slice(queryAt);
      let path = queryAt < 0 ? target : target.slice(0, queryAt);
      let redirects = false;
      if ((rejects || unescapes) && path.search(ESCAPED_SLASH) >= 0) {
        if (rejects) return { kind: "reject" };
        path = path.replaceAll(ESCAPED_SLASH, (slash) => (slash.toLowerCase() === "%2f" ? "/" : "\\"));
        redirects = action === "UNESCAPE_AND_REDIRECT";
      }
      if (normalizes) {
        const normal = removeDotSegments(decodeUnreserved(path.replaceAll("\\", "/")));
        if (normal === null) return { kind: "reject" };
        path = normal;
      }
      if (merges) path = path.replaceAll(/\/{2,}/g, "/");
      return { kind: redirects ? "redirect" : "path", path: path + query };
    },
  };
}

function decodeUnreserved(path: string): string {
  return path.replaceAll(/%([0-9A-Fa-f]{2})/g, (triplet, digits: string) => {
    const char = String.fromCharCode(Number.parseInt(digits, 16));
    return UNRESERVED.test(char) ? char : triplet;
  });
}

function removeDotSegments(path: string): string | null {
  if (path.includes("%00")) return null;
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== ".." && segment !== ".") kept.push(segment);
    else if (isLast) kept.push("");
  }
  return `/${kept.join("/")}`;
}
