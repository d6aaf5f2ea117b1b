import { expect, it } from "vitest";
import { nearestName } from "../../../host/config/nearest.ts";

const NAMES = ["connect_timeout", "name", "lb_policy", "load_assignment", "ROUND_ROBIN"];

it.each([
  ["conect_timeout", "connect_timeout"],
  ["connectTimeout", "connect_timeout"],
  ["connect-timeout", "connect_timeout"],
  ["nmae", "name"],
  ["roundrobin", "ROUND_ROBIN"],
  ["load_asignments", "load_assignment"],
])("finds for %s the name %s", (name, nearest) => {
  expect(nearestName(name, NAMES)).toBe(nearest);
});

it.each(["x", "timeout", "frobnicate", ""])("finds nothing near %s", (name) => {
  expect(nearestName(name, NAMES)).toBeUndefined();
});
