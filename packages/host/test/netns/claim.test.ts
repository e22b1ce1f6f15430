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
  await claims("first").take("web");
  await claims("first").take("web");
  await expect(claims("second").take("web")).rejects.toMatchObject({ code: "already_exists" });
  expect(await readFile(join(etcNetnsDir, "ds-web", "dockersnap-owner"), "utf8")).toBe("first\n");
});

it("lets another daemon in once it is released", async () => {
  await claims("first").take("web");
  await claims("first").release("web");
  await claims("second").take("web");
  expect(await claims("first").mayBeOurs("web")).toBe(false);
});

it("holds what nobody has marked for a leftover of this daemon", async () => {
  expect(await claims("first").mayBeOurs("web")).toBe(true);
});
