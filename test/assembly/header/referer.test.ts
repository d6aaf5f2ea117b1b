import { describe, expect, it } from "vitest";
import { Core } from "../../../host/wasm/core.ts";
import { ForwardRules } from "../../support/forward_rules.ts";

const rules = new ForwardRules(new Core());
const OUTSIDE = { address: "203.0.113.7" };

describe("referer", () => {
  it.each([
    "",
    "/foo",
    "foo/bar",
    "//a/b",
    "/a?b",
    "?x",
    "*",
    "/",
    "http://a",
    "http://a/",
    "http://a?q",
    "http://a/x#",
    "h2://a/",
    "HTTP://A/",
    "a+b.c-d://e/",
    "android-app://com.x/",
    "http://a:80",
    "http://a:65535/",
    "http://[::1]:80/",
    "http://a..b/",
    'http://a/@:[]|"<>{}\\^`%zz',
  ])("%j passes", (value) => {
    expect(rules.request({}, OUTSIDE, [["referer", value]]).get("referer")).toBe(value);
  });

  it.each([
    "a:b",
    "mailto:x@y",
    "about:blank",
    "http:/a",
    "http://",
    "http:///x",
    "://a/",
    "1a://b/",
    "https://u:p@a.b/c",
    "http://a_b/",
    "http://a%20b/",
    "http://a:/",
    "http://a:8a/",
    "http://a:65536/",
    "http://[::1",
    "http://[g]/",
    "http://[]/",
    "http://[::1]x/",
    "http://a;b/",
    "http://a\\b",
    "http://a/b c",
    "http://a/b\tc",
    "http://a/\xe9",
    "#x",
    "http://a#q",
    "/foo?x#y",
  ])("%j does not", (value) => {
    expect(rules.request({}, OUTSIDE, [["referer", value]]).get("referer")).toBe(undefined);
  });
});
