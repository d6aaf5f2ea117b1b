// The examples as they stand, but for their ports: a listener's becomes 0, an upstream's the one that the test has.
import { readFileSync } from "node:fs";

/** Ports on which examples listen. */
const LISTENING = /port_value: (9901|10000|15001)\b/g;

/** Text of `examples/NAME`; `ports`: of the upstreams, by the port that the file has. */
export function example(name: string, ports: Readonly<Record<number, number>> = {}): string {
  let text = readFileSync(`examples/${name}`, "utf8").replaceAll(LISTENING, "port_value: 0");
  for (const [port, ours] of Object.entries(ports)) {
    const wanted = `port_value: ${port} }`;
    if (!text.includes(wanted)) throw new Error(`${name} has no ${wanted}`);
    text = text.replaceAll(wanted, `port_value: ${ours} }`);
  }
  return text;
}
