/** The command line of the bench. */
import { parseArgs } from "node:util";

export interface Options {
  /** Shorter rounds, for a look; figures for a note come from a whole run. */
  readonly quick: boolean;
  /** Write `bench/baseline/<date>-<commit>.json`. */
  readonly record: boolean;
  /** Leave with 1 when a figure misses what this version should reach. */
  readonly check: boolean;
  readonly only: readonly string[];
  readonly peers: readonly string[];
}

const USAGE = `npm run bench -- [options]
  --quick         shorter rounds, under a minute
  --only NAME     one work only (may be given again)
  --peers A,B     these proxies only
  --record        write bench/baseline/<date>-<commit>.json
  --check         exit code 1 when a figure is missed
works:`;

/** Exits with a message when the command line is wrong. */
export function parseOptions(works: readonly { name: string; title: string }[], peers: readonly string[]): Options {
  const usage = `${USAGE}\n${works.map(({ name, title }) => `  ${name.padEnd(14)}  ${title}`).join("\n")}`;
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        record: { type: "boolean", default: false },
        check: { type: "boolean", default: false },
        only: { type: "string", multiple: true, default: [] },
        peers: { type: "string", default: peers.join(",") },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const chosen = values.peers.split(",");
    mustKnow(
      "work",
      values.only,
      works.map(({ name }) => name),
    );
    mustKnow("peer", chosen, peers);
    return { quick: values.quick, record: values.record, check: values.check, only: values.only, peers: chosen };
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(1);
  }
}

function mustKnow(kind: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no ${kind} is called "${unknown}"; there are ${known.join(", ")}`);
}
