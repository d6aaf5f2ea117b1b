/** The names of application protocols (RFC 7301) that are HTTP, and which of them a connection may agree on. */

export const HTTP2_PROTOCOL = "h2";
export const HTTP1_PROTOCOL = "http/1.1";

/** What our connection managers speak. */
export const SPOKEN_DOWNSTREAM: readonly string[] = [HTTP1_PROTOCOL, "http/1.0"];

const HTTP_PROTOCOLS: ReadonlySet<string> = new Set([HTTP2_PROTOCOL, HTTP1_PROTOCOL, "http/1.0", "h3"]);

/**
 * What to offer, or to choose from: as it was asked for, without the versions of HTTP that would not be spoken. Whoever is offered one
 * may choose it, and would then be spoken to in another.
 * @param spoken empty: bytes are carried, whatever they mean
 */
export function spokenOf(asked: readonly string[], spoken: readonly string[]): readonly string[] {
  if (spoken.length === 0) return asked;
  return asked.filter((protocol) => spoken.includes(protocol) || !HTTP_PROTOCOLS.has(protocol));
}
