/**
 * The body that the upstream sends and the generator expects: printable, and without a short period, so that a piece
 * which is lost, doubled or out of its place shows. The same function is in body.h.
 */
export function expectedBody(bytes: number): Buffer {
  const body = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; at++) {
    body[at] = 33 + ((at * 31 + (at >> 6) * 7 + (at >> 12) * 11) % 94);
  }
  return body;
}
