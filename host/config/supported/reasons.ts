/** Why fields that stand in several families change nothing. */

export const BUFFER_LIMIT =
  "a side is not read while the other does not take its bytes, so that no buffer comes near any limit";
export const HTTP2 = "HTTP/2 is not spoken yet; HTTP/1 is served the same";
export const METADATA = "nothing that is supported reads this metadata";
