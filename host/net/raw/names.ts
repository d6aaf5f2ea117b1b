import { type IpAddress, ipAddressOfSocket, UNKNOWN_ADDRESS } from "../address.ts";
import type { SocketName } from "./handles.ts";

/** The address that `getsockname` or `getpeername` filled in; the unknown one where it could not. */
export function ipAddressOf(name: SocketName): IpAddress {
  if (name.address === undefined) return UNKNOWN_ADDRESS;
  return ipAddressOfSocket(name.address, name.port ?? 0);
}
