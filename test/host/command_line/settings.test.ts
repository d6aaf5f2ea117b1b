import { describe, expect, it } from "vitest";
import { parseFlags } from "../../../host/command_line/parse.ts";
import { readSettings, SettingsError } from "../../../host/command_line/settings.ts";

const settings = (...words: string[]) => readSettings(parseFlags(words));

describe("readSettings", () => {
  it("has Envoy's defaults", () => {
    expect(settings("-c", "a.yaml")).toMatchObject({
      mode: "serve",
      configPath: "a.yaml",
      concurrency: undefined,
      logLevel: "info",
      drainTimeMs: 600_000,
      fileFlushIntervalMs: 10_000,
      fileFlushMinBytes: 65_536,
      net: "auto",
      inert: [],
    });
  });

  it("reads levels by component", () => {
    const { componentLogLevels, logLevel } = settings(
      "-l",
      "warn",
      "--component-log-level",
      "upstream:debug,config:trace",
    );
    expect(logLevel).toBe("warning");
    expect(componentLogLevels).toEqual({ upstream: "debug", config: "trace" });
  });

  it("reads stats tags, and always has a worker", () => {
    expect(settings("--stats-tag", "zone:a", "--concurrency", "0")).toMatchObject({
      statsTags: [{ name: "zone", value: "a" }],
      concurrency: 1,
    });
  });

  it("says which flags do nothing, and why", () => {
    const { inert } = settings("--restart-epoch", "1", "--enable-mutex-tracing", "--drain-time-s", "3");
    expect(inert).toEqual([
      "--enable-mutex-tracing has no effect: there is no mutex to contend for",
      "--restart-epoch has no effect: hot restart is not supported yet",
    ]);
  });

  it("takes the quickstart only where there is no config", () => {
    expect(settings("--quickstart").isQuickstart).toBe(true);
    expect(settings("--quickstart", "-c", "a.yaml").isQuickstart).toBe(false);
  });

  // Recorded from Envoy 1.40; --net is our own.
  it.each([
    [["--mode", "x"], "unknown mode 'x'"],
    [["-l", "foo"], "invalid log level specified 'foo'"],
    [["--component-log-level", "upstream"], "component log level not correctly specified 'upstream'"],
    [["--component-log-level", "nope:debug"], "invalid component specified 'nope'"],
    [["--component-log-level", "upstream:nope"], "invalid log level specified 'nope'"],
    [["--local-address-ip-version", "v5"], "unknown IP address version 'v5'"],
    [["--stats-tag", "foo"], "misformatted stats-tag 'foo'"],
    [["--restart-epoch", "1", "--use-dynamic-base-id"], "cannot use --restart-epoch=1 with --use-dynamic-base-id"],
    [["--net", "x"], "unknown kind of sockets 'x'"],
  ] as const)("refuses %j", (words, message) => {
    expect(() => settings(...words)).toThrow(new SettingsError(message));
  });
});
