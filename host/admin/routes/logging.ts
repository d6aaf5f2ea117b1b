/** /logging: shows and sets the levels of the loggers. */

import { LOG_LEVELS, parseLoggerName, parseLogLevel } from "../../log/level.ts";
import type { Logs } from "../../log/logger.ts";
import type { AdminContext } from "../context.ts";
import { type AdminRoute, text } from "../request.ts";

export const logging: AdminRoute<AdminContext> = {
  path: "/logging",
  help: "query/change logging levels",
  changes: true,
  params: [
    {
      name: "paths",
      help: "Change multiple logging levels by setting to <logger_name1>:<desired_level1>,<logger_name2>:<desired_level2>. If fine grain logging is enabled, use __FILE__ or a glob experision as the logger name. For example, source/common*:warning",
    },
    {
      name: "group",
      help: "Change given logger group to desired level, set to <logger_group_name>:<desired_level>. logger_group_name must be a logger name.",
    },
    {
      name: "level",
      help: "desired logging level, this will change all loggers's level",
      oneOf: ["", ...LOG_LEVELS],
    },
  ],
  handle({ logs }, { query }) {
    const problem = change(logs, [...query]);
    return problem === null ? text(loggers(logs)) : text(`error: ${problem}\n\n${USAGE}${loggers(logs)}`, 400);
  },
};

const USAGE = `usage: /logging?<name>=<level> (change single level)
usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)
usage: /logging?level=<level> (change all levels)
usage: /logging?group=<group_name>:<level> (change group of loggers)
levels: ${LOG_LEVELS.join(" ")} 
`;

function loggers(logs: Logs): string {
  const lines = logs.all().map(({ name, level }) => `  ${name}: ${level}\n`);
  return `active loggers:\n${lines.join("")}\n`;
}

/** Sets what is asked for, all of it or nothing; gives the reason when it cannot. */
function change(logs: Logs, params: readonly [string, string][]): string | null {
  if (params.length > 1) return "invalid number of parameters";
  const [param] = params;
  if (param === undefined) return null;
  const [name, value] = param;
  if (name === "group") return "group parameter requires fine-grain logging to be enabled";
  if ((name === "level" || name === "paths") && value === "") return null;
  if (name === "level") {
    const level = parseLogLevel(value);
    if (level === null) return "unknown logger level";
    logs.setAll(level);
    return null;
  }
  const pairs = name === "paths" ? value.split(",").map(splitPair) : [{ name, level: value }];
  const changes = [];
  for (const pair of pairs) {
    if (pair === null) return "empty logger name or empty logger level";
    const level = parseLogLevel(pair.level);
    if (level === null) return "unknown logger level";
    const logger = parseLoggerName(pair.name);
    if (logger === null) return "unknown logger name";
    changes.push({ logger, level });
  }
  for (const { logger, level } of changes) logs.logger(logger).level = level;
  return null;
}

function splitPair(text: string): { name: string; level: string } | null {
  const at = text.lastIndexOf(":");
  return at <= 0 || at === text.length - 1 ? null : { name: text.slice(0, at), level: text.slice(at + 1) };
}
