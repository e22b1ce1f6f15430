import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Claims } from "../../src/netns/claim.ts";
import { NetworkNames } from "../../src/netns/names.ts";

let etcNetnsDir = "";

beforeEach(async () => {
  etcNetnsDir = await mkdtemp(join(tmpdir(), "dockersnap-claim-"));
});

afterEach(() => rm(etcNetnsDir, { recursive: true }));

const claims = (owner: string) =>
  new Claims(new NetworkNames({ namespacePrefix: "ds-", vethPrefix: "ve-", etcNetnsDir }), owner);

it("is taken by the first daemon, again and again, and refused to every other", async () => {
  claims("first").take("web");
  claims("first").take("web");
  expect(() => claims("second").take("web")).toThrow(expect.objectContaining({ code: "already_exists" }));
  expect(await readFile(join(etcNetnsDir, "ds-web", "dockersnap-owner"), "utf8")).toBe("first\n");
});

it("lets another daemon in once it is released", async () => {
  claims("first").take("web");
  await claims("first").release("web");
  claims("second").take("web");
  expect(claims("first").mayBeOurs("web")).toBe(false);
});

it("holds what nobody has marked for a leftover of this daemon", async () => {
  expect(claims("first").mayBeOurs("web")).toBe(true);
});
