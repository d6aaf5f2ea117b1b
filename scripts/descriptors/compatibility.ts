/** The page `docs/guide/compatibility.md`, made from the one list of what is read. */
import { OPERATORS } from "../../host/access_log/operators/list.ts";
import { findMessage } from "../../host/config/schema.ts";
import type { MessageSupport } from "../../host/config/supported/message_support.ts";
import { extensions, supported } from "../../host/config/supported.ts";

const INTRO = `# What of Envoy's configuration is read

Generated from \`host/config/supported.ts\` by \`node scripts/descriptors/write_compatibility.mjs\`; do not edit.

Nuncio reads Envoy's v3 API, that of Envoy 1.40. For each message that is read: the fields that do what Envoy's
documentation says, those that are accepted and have no effect here (with the reason; the log says so too), and those that Envoy
has and Nuncio does not have yet. A config that sets one of the last, or names a message that is not on this page, is refused
with the place and \`not supported yet\`. Deprecated fields are marked with \`~\`.
`;

/** The whole page. */
export function compatibilityText(): string {
  const messages = Object.keys(supported).sort().map(messageSection);
  return `${[INTRO, extensionSection(), operatorSection(), "## Messages\n", ...messages].join("\n").trimEnd()}\n`;
}

function extensionSection(): string {
  const rows = Object.entries(extensions).map(([slot, types]) => {
    const [owner, field] = splitSlot(slot);
    return `| \`${owner}\` \`${field}\` | ${types.map(code).join("<br>")} |`;
  });
  return ["## Extensions", "", "| where | types |", "| --- | --- |", ...rows, ""].join("\n");
}

function operatorSection(): string {
  const names = [...OPERATORS].map(([name, { argument }]) => {
    if (argument === "none") return code(`%${name}%`);
    return code(argument === "required" ? `%${name}(...)%` : `%${name}[(...)]%`);
  });
  return `## Command operators\n\nOf access log formats and header values: ${names.sort().join(", ")}.\n`;
}

function messageSection(name: string): string {
  const support = supported[name] as MessageSupport;
  const fields = findMessage(name)?.fields ?? [];
  const inert = support.inert ?? {};
  const only = support.only ?? {};
  const show = (field: string): string => {
    const desc = fields.find((candidate) => candidate.name === field);
    const values = only[field] === undefined ? "" : ` (${only[field].map(String).join(", ")})`;
    return `\`${field}\`${desc?.deprecated === true ? "~" : ""}${values}`;
  };
  const names = fields.map((field) => field.name);
  const read = names.filter((field) => support.read.includes(field));
  const later = fields
    .filter((field) => !support.read.includes(field.name) && inert[field.name] === undefined && !field.disallowed)
    .map((field) => field.name);
  const lines = [`### ${name}`, ""];
  if (names.length === 0) lines.push("- has no fields");
  if (read.length > 0) lines.push(`- read: ${read.map(show).join(", ")}`);
  for (const [field, reason] of Object.entries(inert)) lines.push(`- no effect: ${show(field)}: ${reason}`);
  if (later.length > 0) lines.push(`- not yet: ${later.map(show).join(", ")}`);
  return `${lines.join("\n")}\n`;
}

function splitSlot(slot: string): [owner: string, field: string] {
  const dot = slot.lastIndexOf(".");
  return [slot.slice(0, dot), slot.slice(dot + 1)];
}

function code(text: string): string {
  return `\`${text}\``;
}
