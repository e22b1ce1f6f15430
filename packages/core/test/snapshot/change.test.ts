import { beforeEach, describe, expect, it } from "vitest";
import { World } from "../world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.did("create", { name: "web" });
  await world.did("snapshot", { name: "web", label: "one", tags: { a: "1", b: "2" } });
  await world.did("snapshot", { name: "web", label: "two" });
});

const change = (label: string, what: object) => world.did("change-snapshot", { name: "web", label, change: what });
const record = (label: string) => world.records.snapshots.get("web", label);

describe("a renamed snapshot", () => {
  it("is followed by all that names it", async () => {
    await world.did("clone", { source: "web", label: "one", name: "branch" });
    await world.did("revert", { name: "web", label: "one" });

    expect(await change("one", { new_label: "first" })).toMatchObject({ label: "first", tags: { a: "1", b: "2" } });

    expect(record("two")?.parent).toBe("first");
    expect(await world.describe("web")).toMatchObject({ parent: "first" });
    expect(await world.describe("branch")).toMatchObject({ clone_of: "web@first" });
    expect(world.records.reverts.of("web")).toMatchObject([{ from: "two", to: "first" }]);
    await world.did("undo", { name: "web" });
    await world.did("revert", { name: "web", label: "first" });
  });

  it("leaves alone what named another snapshot of that label long ago", async () => {
    await world.did("clone", { source: "web", label: "two", name: "branch" });
    await world.did("remove-snapshot", { name: "web", label: "two" });
    const failed = await world.failing({ step: "record", moment: "acted" }, "change-snapshot", {
      name: "web",
      label: "one",
      change: { new_label: "two" },
    });
    expect(failed.status).toBe("failed");
    expect(await world.describe("branch")).toMatchObject({ clone_of: "web@two" });
    expect(await world.describe("web")).toMatchObject({ parent: "one" });
  });

  it("never takes the label of another, and an unknown one is answered with the nearest", async () => {
    await expect(change("one", { new_label: "two" })).rejects.toMatchObject({ code: "already_exists" });
    await expect(change("onw", { new_label: "three" })).rejects.toMatchObject({
      code: "not_found",
      details: { nearest: "one" },
    });
    expect(record("one")?.label).toBe("one");
  });

  it("is never called now, the word for the current state, nor is a new one", async () => {
    const refusal = { code: "invalid_request", message: expect.stringContaining("current state") };
    await expect(change("one", { new_label: "now" })).rejects.toMatchObject(refusal);
    await expect(world.run("snapshot", { name: "web", label: "now" })).rejects.toMatchObject(refusal);
  });

  it("that an older version let be called now can be used under its full name, and renamed", async () => {
    await world.storage.renameSnapshot("web", "one", "now");
    world.records.snapshots.update("web", "one", { label: "now" });
    await world.did("revert", { name: "web", label: "now" });
    expect(await change("now", { protected: true })).toMatchObject({ label: "now", protected: true });
    expect(await change("now", { new_label: "then" })).toMatchObject({ label: "then" });
  });

  it("may be given the label it has", async () => {
    expect(await change("one", { new_label: "one", protected: true })).toMatchObject({ label: "one", protected: true });
  });
});

describe("the marks of a snapshot", () => {
  it("change by themselves: tags are merged, an expiry is cleared by null", async () => {
    await change("one", { tags: { b: null, c: "3" }, expires_at: "2027-01-01T00:00:00Z" });
    expect(record("one")).toMatchObject({ tags: { a: "1", c: "3" }, expiresAt: "2027-01-01T00:00:00.000Z" });
    await change("one", { protected: true });
    expect(record("one")).toMatchObject({ tags: { a: "1", c: "3" }, protected: true });
    await change("one", { expires_at: null });
    expect(record("one")).toMatchObject({ protected: true, expiresAt: undefined });
  });

  it("include no expiry that is over already: a typing error in a date must not delete anything", async () => {
    const past = "2020-01-01T00:00:00Z";
    const refusal = { code: "invalid_request", message: expect.stringMatching(/in the past.*'dockersnap delete web@/) };
    await expect(change("one", { tags: { b: null }, expires_at: past })).rejects.toMatchObject(refusal);
    expect(record("one")).toMatchObject({ tags: { a: "1", b: "2" }, expiresAt: undefined });
    await expect(world.run("snapshot", { name: "web", label: "three", expires_at: past })).rejects.toMatchObject(
      refusal,
    );
    expect(record("three")).toBeUndefined();
    expect(await world.storage.hasSnapshot("web", "three")).toBe(false);
  });

  it("are at most so many", async () => {
    const many = Object.fromEntries(Array.from({ length: 63 }, (_, index) => [`k${index}`, ""]));
    await expect(change("one", { tags: many })).rejects.toMatchObject({ code: "invalid_request" });
    await change("one", { tags: { ...many, a: null } });
  });

  it("can be given when it is taken", async () => {
    const expiresAt = "2027-01-01T00:00:00Z";
    await world.did("snapshot", { name: "web", label: "three", protected: true, expires_at: expiresAt });
    expect(record("three")).toMatchObject({ protected: true, expiresAt: "2027-01-01T00:00:00.000Z" });
    await expect(world.run("remove-snapshot", { name: "web", label: "three" })).rejects.toMatchObject({
      code: "protected",
    });
    await expect(world.run("delete", { name: "web" })).rejects.toMatchObject({
      code: "protected",
      message: expect.stringContaining("dockersnap unprotect web@three"),
    });
    await change("three", { protected: false });
    await world.did("remove-snapshot", { name: "web", label: "three" });
  });
});
