// Arrows point one way. The order of the rooms stands in rooms.ts, and docs/architecture.md draws it.

import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { describe, expect, it } from "vitest";
import { files, type Import, importsOf } from "../support/source_tree.ts";
import { ROOMS } from "./rooms.ts";

/** The only files that may import filters: they hand the registry down as an argument. */
const JOINTS = ["host/main.ts", "host/index.ts", "host/worker_thread.ts"];

/** Machinery that no filter sees; everything else of host/ is contract or value. */
const MACHINERY = [
  "main.ts",
  "index.ts",
  "server.ts",
  "workers",
  "admin",
  "control_plane",
  "xds",
  "listener/manager.ts",
  "codec",
  "http/stream.ts",
];

const host = files("host", ".ts");
const filters = files("filters", ".ts");

/** The composition root is a few files beside each other. */
function roomOf(path: string): string {
  const room = path.split("/")[1] as string;
  return /^server(_\w+)?\.ts$/.test(room) ? "server" : room;
}

function offences(sources: string[], isWrong: (found: Import, target: string) => boolean): string[] {
  return sources
    .flatMap(importsOf)
    .filter((found) => found.target !== null && isWrong(found, found.target))
    .map((found) => `${found.from} imports ${found.target}`);
}

describe("import arrows", () => {
  it("know every room of host/", () => {
    expect([...new Set(host.map(roomOf))].filter((room) => !ROOMS.includes(room))).toEqual([]);
  });

  it("point down in host/", () => {
    const isUpward = ({ from }: Import, target: string) =>
      target.startsWith("host/") && ROOMS.indexOf(roomOf(target)) < ROOMS.indexOf(roomOf(from));
    expect(offences(host, isUpward)).toEqual([]);
  });

  it("join host/ to filters/ at the door only", () => {
    const isJoint = ({ from }: Import, target: string) => target.startsWith("filters/") && !JOINTS.includes(from);
    expect(offences(host, isJoint)).toEqual([]);
  });

  it("show filters contracts, not machinery", () => {
    const seesMachinery = (_: Import, target: string) =>
      MACHINERY.some((path) => target === `host/${path}` || target.startsWith(`host/${path}/`));
    expect(offences(filters, seesMachinery)).toEqual([]);
  });

  it("leave assembly/ knowing nobody", () => {
    expect(offences(files("assembly", ".ts"), (_, target) => !target.startsWith("assembly/"))).toEqual([]);
  });

  it("never lead from what runs to tests, benches or scripts", () => {
    const isOutside = (_: Import, target: string) => !/^(host|filters)\//.test(target);
    expect(offences([...host, ...filters], isOutside)).toEqual([]);
  });
});

describe("packages", () => {
  it("that run are dependencies, not tools", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: object };
    const known = new Set([...Object.keys(dependencies), ...builtinModules]);
    const others = [...host, ...filters]
      .flatMap(importsOf)
      .filter(({ specifier, target }) => target === null && !specifier.startsWith("node:") && !known.has(specifier))
      .map(({ from, specifier }) => `${from} imports ${specifier}`);
    expect(others).toEqual([]);
  });
});
