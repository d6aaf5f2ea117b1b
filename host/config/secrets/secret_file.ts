/** A file that holds one secret, as Envoy's file subscriptions want it: a DiscoveryResponse with one resource, in YAML or JSON. */

import { readFileSync } from "node:fs";
import { formatIssue } from "../config_error.ts";
import { Decoder, type Message } from "../decode/decode.ts";
import { Issues, Places } from "../decode/places.ts";
import { checkSupport } from "../refuse_unsupported.ts";
import { findMessage, type MessageDesc } from "../schema.ts";
import { parseJson } from "../source/json.ts";
import type { Source } from "../source/node.ts";
import { parseYaml } from "../source/yaml.ts";
import type { Secret } from "../types/tls.ts";
import { validateMessage } from "../validate.ts";

const SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";

/** A secret is not to be had. */
export class SecretError extends Error {
  /** The file cannot be read as one of its kind; else it is what stands in it that does not do. */
  readonly isUnreadable: boolean;
  /** The files that had to do with it. */
  readonly files: readonly string[];

  constructor(message: string, isUnreadable: boolean, files: readonly string[] = []) {
    super(message);
    this.isUnreadable = isUnreadable;
    this.files = files;
  }
}

/** Throws SecretError. */
export function readSecretFile(path: string, name: string): Secret {
  const source: Source = { fileName: path, text: readText(path) };
  const parsed = /\.ya?ml$/.test(path) ? parseYaml(source.text) : parseJson(source.text);
  if (!parsed.ok) throw new SecretError(`in ${path}: ${parsed.issues[0]?.reason ?? "it does not parse"}`, true);
  const resources =
    parsed.root.kind === "map" ? parsed.root.entries.find(({ key }) => key === "resources")?.value : undefined;
  if (resources?.kind !== "list" || resources.items.length === 0) {
    throw notThere(`${path} holds no resources; one is expected`, name);
  }
  if (resources.items.length > 1) {
    throw notThere(`${path} holds ${resources.items.length} resources; one is expected`, name);
  }
  const places = new Places();
  const issues = new Issues(places, source);
  const decoder = new Decoder(source, places, issues, new Issues(places, source));
  const any = decoder.message("google.protobuf.Any", resources.items[0] as never, "resources[0]", 0) as
    | Message
    | undefined;
  const refuse = () => {
    throw new SecretError(issues.list.map(formatIssue).join("\n"), true);
  };
  if (any === undefined || issues.list.length > 0) return refuse();
  if (any["@type"] !== SECRET) throw new SecretError(`${path} holds a ${any["@type"]}, not a ${SECRET}`, false);
  const desc = findMessage(SECRET) as MessageDesc;
  validateMessage(desc, any, "resources[0]", places, issues);
  checkSupport(desc, any, "resources[0]", issues, new Issues(places, source));
  if (issues.list.length > 0) return refuse();
  const secret = any as unknown as Secret;
  if (secret.name !== name) {
    throw notThere(`${path} holds secret '${secret.name ?? ""}'`, name);
  }
  return secret;
}

/** Envoy starts without it, and refuses connections until it comes. */
function notThere(what: string, name: string): SecretError {
  return new SecretError(`${what}: to start without secret '${name}' and wait for it is not supported yet`, false);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SecretError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, true);
  }
}
