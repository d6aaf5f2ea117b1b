import { describe, expect, it } from "vitest";
import { Runtime, runtimeBoolean, runtimeNumber } from "../../../host/runtime/runtime.ts";

describe("Runtime", () => {
  it("lets later layers win and flattens objects to dotted keys", () => {
    const runtime = new Runtime({
      layers: [
        { name: "a", static_layer: { x: { y: 1, z: true }, s: "text", f: 0.5 } },
        { name: "b", static_layer: { "x.y": 2 } },
      ],
    });
    expect(runtime.layerNames).toEqual(["a", "b"]);
    expect(runtime.entries()).toEqual([
      { key: "x.y", layerValues: ["1", "2"], finalValue: "2" },
      { key: "x.z", layerValues: ["true", ""], finalValue: "true" },
      { key: "s", layerValues: ["text", ""], finalValue: "text" },
      { key: "f", layerValues: ["0.5", ""], finalValue: "0.5" },
    ]);
  });

  it("is empty without layers, and cannot be modified without an admin layer", () => {
    const runtime = new Runtime(undefined);
    expect(runtime.entries()).toEqual([]);
    expect(runtime.modify(new Map([["a", "1"]]))).toBe("No admin layer specified");
  });

  it("bounds what the admin port may add", () => {
    const runtime = new Runtime({ layers: [{ name: "admin", admin_layer: {} }] });
    const many = new Map(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, "1"]));
    expect(runtime.modify(many)).toBeNull();
    expect(runtime.modify(new Map([["one.more", "1"]]))).toContain("10000 keys");
    expect(
      runtime.modify(
        new Map([
          ["k0", ""],
          ["one.more", "1"],
        ]),
      ),
    ).toContain("10000 keys");
    expect(runtime.modify(new Map([["k0", ""]]))).toBeNull();
    expect(runtime.modify(new Map([["one.more", "1"]]))).toBeNull();
    expect(runtime.adminOverrides).toBe(10_000);
  });
});

describe("values", () => {
  const values = new Map([
    ["number", "12.5"],
    ["text", "x"],
    ["empty", " "],
    ["yes", "true"],
    ["no", "false"],
    ["zero", "0"],
  ]);

  it("are numbers or the fallback", () => {
    expect(["number", "text", "empty", "none"].map((key) => runtimeNumber(values, key, 7))).toEqual([12.5, 7, 7, 7]);
  });

  it("are truths or the fallback", () => {
    const keys = ["yes", "no", "zero", "number", "text", "none"];
    expect(keys.map((key) => runtimeBoolean(values, key, true))).toEqual([true, false, false, true, true, true]);
  });
});
