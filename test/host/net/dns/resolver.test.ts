import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DnsAnswer, DnsResolver, type DnsResolverOptions } from "../../../../host/net/dns/resolver.ts";
import { DnsServer } from "../../../support/dns_server.ts";

let server: DnsServer;
let folder: string;

beforeEach(async () => {
  server = await DnsServer.start();
  folder = mkdtempSync(join(tmpdir(), "dns-"));
  writeFileSync(join(folder, "hosts"), "");
  writeFileSync(join(folder, "resolv.conf"), "");
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function resolver(changes: Partial<DnsResolverOptions> = {}): DnsResolver {
  return new DnsResolver({
    servers: [server.address],
    timeoutMs: 2_000,
    tries: 1,
    usesSearchList: true,
    hostsPath: join(folder, "hosts"),
    resolvConfPath: join(folder, "resolv.conf"),
    ...changes,
  });
}

function ips(answer: DnsAnswer): readonly string[] {
  return answer.addresses.map(({ ip }) => ip);
}

describe("DNS resolver", () => {
  it("reports addresses with their time to live", async () => {
    server.names.set("app.test", [
      { ip: "10.0.0.1", ttlSeconds: 30 },
      { ip: "10.0.0.2", ttlSeconds: 5 },
    ]);
    const answer = await resolver().resolve("app.test", "V4_ONLY");
    expect(answer.status).toBe("found");
    expect(answer.addresses.toSorted((left, right) => right.ttlMs - left.ttlMs)).toEqual([
      { ip: "10.0.0.1", version: 4, ttlMs: 30_000 },
      { ip: "10.0.0.2", version: 4, ttlMs: 5_000 },
    ]);
  });

  it.each([
    ["V4_ONLY", "both.test", ["10.0.0.1"], ["A both.test"]],
    ["V6_ONLY", "both.test", ["fd00::1"], ["AAAA both.test"]],
    ["ALL", "both.test", ["fd00::1", "10.0.0.1"], ["A both.test", "AAAA both.test"]],
    ["AUTO", "both.test", ["fd00::1"], ["AAAA both.test"]],
    ["AUTO", "four.test", ["10.0.0.4"], ["AAAA four.test", "A four.test"]],
    ["V4_PREFERRED", "both.test", ["10.0.0.1"], ["A both.test"]],
    ["V4_PREFERRED", "six.test", ["fd00::6"], ["A six.test", "AAAA six.test"]],
    ["V4_ONLY", "six.test", [], ["A six.test"]],
  ] as const)("%s of %s is %j", async (family, name, expected, questions) => {
    const record = (ip: string) => ({ ip, ttlSeconds: 60 });
    server.names.set("both.test", [record("10.0.0.1"), record("fd00::1")]);
    server.names.set("four.test", [record("10.0.0.4")]);
    server.names.set("six.test", [record("fd00::6")]);
    const answer = await resolver().resolve(name, family);
    expect(ips(answer)).toEqual(expected);
    expect(answer.status).toBe(expected.length === 0 ? "no_records" : "found");
    // Questions for ALL go out together, in either order.
    expect(family === "ALL" ? server.questions.toSorted() : server.questions).toEqual(questions);
  });

  it("tells an empty answer from a failure", async () => {
    server.names.set("empty.test", []);
    server.names.set("broken.test", "SERVFAIL");
    server.names.set("refused.test", "REFUSED");
    const dns = resolver();
    expect(await dns.resolve("empty.test", "V4_ONLY")).toEqual({ status: "no_records", addresses: [] });
    expect(await dns.resolve("unknown.test", "AUTO")).toEqual({ status: "no_records", addresses: [] });
    expect(await dns.resolve("broken.test", "V4_ONLY")).toEqual({ status: "failed", addresses: [], code: "ESERVFAIL" });
    expect(await dns.resolve("refused.test", "ALL")).toEqual({ status: "failed", addresses: [], code: "EREFUSED" });
    expect((await dns.resolve("not a name", "V4_ONLY")).status).not.toBe("found");
  });

  it("gives up on a silent server", async () => {
    server.names.set("silent.test", "silence");
    const answer = await resolver({ timeoutMs: 50 }).resolve("silent.test", "V4_ONLY");
    expect(answer).toEqual({ status: "failed", addresses: [], code: "ETIMEOUT" });
  });

  it("cancels what is outstanding", async () => {
    server.names.set("silent.test", "silence");
    const dns = resolver({ timeoutMs: 15_000 });
    const answer = dns.resolve("silent.test", "V4_ONLY");
    dns.cancel();
    expect(await answer).toEqual({ status: "failed", addresses: [], code: "ECANCELLED" });
  });

  it("asks nobody for an address, a name of the hosts file, or localhost", async () => {
    writeFileSync(
      join(folder, "hosts"),
      "# comment\n10.1.1.1\tdb.internal  DB # the database\nfd00::2 db.internal\nnonsense line\n10.1.1.1 db.internal\n",
    );
    const dns = resolver();
    expect(ips(await dns.resolve("10.9.9.9", "V4_ONLY"))).toEqual(["10.9.9.9"]);
    expect((await dns.resolve("10.9.9.9", "V6_ONLY")).status).toBe("no_records");
    expect(ips(await dns.resolve("FD00:0::9", "AUTO"))).toEqual(["fd00::9"]);
    expect(ips(await dns.resolve("db.internal", "ALL"))).toEqual(["fd00::2", "10.1.1.1"]);
    expect(ips(await dns.resolve("Db", "AUTO"))).toEqual(["10.1.1.1"]);
    expect(ips(await dns.resolve("localhost", "V4_PREFERRED"))).toEqual(["127.0.0.1"]);
    expect(ips(await dns.resolve("app.localhost.", "V6_ONLY"))).toEqual(["::1"]);
    expect(server.questions).toEqual([]);
  });

  it("reads the hosts file again when it has changed", async () => {
    const dns = resolver();
    expect((await dns.resolve("moving.test", "V4_ONLY")).status).toBe("no_records");
    writeFileSync(join(folder, "hosts"), "10.1.1.1 moving.test");
    expect(ips(await dns.resolve("moving.test", "V4_ONLY"))).toEqual(["10.1.1.1"]);
    writeFileSync(join(folder, "hosts"), "10.1.1.2 moving.test extra");
    expect(ips(await dns.resolve("moving.test", "V4_ONLY"))).toEqual(["10.1.1.2"]);
    rmSync(join(folder, "hosts"));
    expect((await dns.resolve("moving.test", "V4_ONLY")).status).toBe("no_records");
  });

  it.each([
    ["app", ["A app.one.test", "A app.two.test", "A app"]],
    ["app.sub", ["A app.sub.one.test", "A app.sub.two.test", "A app.sub"]],
    ["app.sub.deep", ["A app.sub.deep", "A app.sub.deep.one.test", "A app.sub.deep.two.test"]],
    ["app.", ["A app"]],
  ])("tries %s along the search list", async (name, questions) => {
    writeFileSync(
      join(folder, "resolv.conf"),
      "domain gone.test\nsearch one.test two.test. # here\noptions rotate ndots:2\n",
    );
    expect((await resolver().resolve(name, "V4_ONLY")).status).toBe("no_records");
    expect(server.questions).toEqual(questions);
    server.questions.length = 0;
    await resolver({ usesSearchList: false }).resolve(name, "V4_ONLY");
    expect(server.questions).toEqual([`A ${name.replace(/\.$/, "")}`]);
  });

  it("stops at the first name of the search list that exists, and at one that fails", async () => {
    writeFileSync(join(folder, "resolv.conf"), "search one.test two.test");
    server.names.set("app.two.test", [{ ip: "10.2.0.1", ttlSeconds: 1 }]);
    expect(ips(await resolver().resolve("app", "V4_ONLY"))).toEqual(["10.2.0.1"]);
    server.names.set("app.one.test", "SERVFAIL");
    expect((await resolver().resolve("app", "V4_ONLY")).status).toBe("failed");
  });

  it("refuses a server that is no address", () => {
    expect(() => resolver({ servers: ["dns.example"] })).toThrow();
  });
});
