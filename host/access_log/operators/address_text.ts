/** Parts of an address as it is printed: `127.0.0.1:80`, `[::1]:80`, `/run/app.sock`. */

const IP_AND_PORT = /^(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/;

/** The address without its port and brackets; a pipe as it is. */
export function hostOf(text: string): string {
  const parts = IP_AND_PORT.exec(text);
  return parts === null ? text : (parts[1] ?? parts[2] ?? text);
}

/** The port; undefined where there is none. */
export function portOf(text: string): number | undefined {
  const port = IP_AND_PORT.exec(text)?.[3];
  return port === undefined ? undefined : Number(port);
}
