import { expect, it } from "vitest";
import { applicationLogFormat } from "../../../host/config/application_log.ts";
import { ConfigError } from "../../../host/config/config_error.ts";
import { bootstrapOf } from "../../support/config_door.ts";

const text = bootstrapOf('application_log_config: {log_format: {text_format: "%l %v"}}');
const json = bootstrapOf('application_log_config: {log_format: {json_format: {Level: "%l", Message: "%j"}}}');

it("takes the config's format where the command line gives none", () => {
  expect(applicationLogFormat(text, undefined)).toBe("%l %v");
  expect(applicationLogFormat(json, undefined)).toBe('{"Level":"%l","Message":"%j"}');
  expect(applicationLogFormat(bootstrapOf("{}"), "%v")).toBe("%v");
  expect(applicationLogFormat(bootstrapOf("application_log_config: {}"), undefined)).toBeUndefined();
});

it("refuses both", () => {
  expect(() => applicationLogFormat(text, "%v")).toThrow(ConfigError);
});
