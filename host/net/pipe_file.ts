/** The file that a unix socket leaves in the file system. */

import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import type { PipeAddress } from "./address.ts";

/** The longest path that fits into sockaddr_un on Linux, without the closing zero. */
const PATH_BYTES_MAX = 107;

/**
 * Makes the way free before binding: removes the socket of an earlier run, as Envoy does. Never another kind of file.
 * @returns an errno name when the path cannot be used, else "".
 */
export function preparePipeFile(address: PipeAddress): string {
  if (Buffer.byteLength(address.path) > PATH_BYTES_MAX) return "ENAMETOOLONG";
  if (address.isAbstract) return "";
  try {
    if (!lstatSync(address.path).isSocket()) return "ENOTSOCK";
    unlinkSync(address.path);
    return "";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "EIO";
    return code === "ENOENT" ? "" : code;
  }
}

/** Gives the bound socket file the mode that was asked for. @returns an errno name, or "". */
export function setPipeMode(address: PipeAddress): string {
  if (address.isAbstract || address.mode === 0) return "";
  try {
    chmodSync(address.path, address.mode);
    return "";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "EIO";
  }
}
