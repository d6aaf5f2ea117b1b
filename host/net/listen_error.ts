/** Why an address cannot be listened on, as a value, in words that name the address. */

import type { Address } from "./address.ts";
import type { ListenError, ListenResult } from "./socket.ts";

const IN_WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "no interface of this machine has the address",
  EACCES: "permission denied",
  EMFILE: "out of file descriptors",
  ENAMETOOLONG: "path too long for a unix socket",
  ENOENT: "the folder does not exist",
  ENOTSOCK: "a file that is no socket is in the way",
};

/** `code` is an errno name. */
export function listenFailed(code: string, address: Address): ListenResult {
  const words = IN_WORDS[code];
  const error: ListenError = {
    code,
    address,
    message: `cannot bind ${address.text}: ${words === undefined ? code : `${words} (${code})`}`,
  };
  return { listener: null, error };
}
