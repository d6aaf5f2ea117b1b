import { expect, it } from "vitest";
import { ConfigError, formatIssue } from "../../../host/config/config_error.ts";

const issue = { file: "a.yaml", line: 3, column: 5, path: "node.id", reason: "is wrong" };

it("is one line for each issue", () => {
  const error = new ConfigError([issue, { ...issue, line: 4, suggestion: "name" }]);
  expect(error.message).toBe("a.yaml:3:5: node.id: is wrong\na.yaml:4:5: node.id: is wrong (did you mean name?)");
  expect(error.issues).toHaveLength(2);
});

it("stays one line whatever a value holds", () => {
  const line = formatIssue({ ...issue, reason: "a\r\n  b\u2028c\u0085d\u0007e" });
  expect(line).toBe("a.yaml:3:5: node.id: a b\\u2028c\\u0085d\\u0007e");
});
