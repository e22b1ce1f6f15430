import { scheduleTag } from "@dockersnap/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { World } from "../world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.did("create", { name: "web" });
});

const add = (request: object) => world.did("add-schedule", { name: "web", ...request });
const ids = () => world.records.schedules.of("web").map(({ id }) => id);

describe("a new schedule", () => {
  it("is called after its expression unless it has a name", async () => {
    for (const cron of ["@daily", "@daily", "0 3 * * *", "5 3 * * *"]) await add({ cron });
    await add({ cron: "@daily", id: "nightly" });
    expect(ids()).toEqual(["daily", "daily-2", "nightly", "schedule", "schedule-2"]);
  });

  it("that tries snapshots out has a name that says so, and names one that takes some or none", async () => {
    await add({ cron: "@daily", id: "nightly" });
    const added = await add({ cron: "@daily", action: "verify", of: "nightly" });
    expect(added).toMatchObject({ id: "verify-daily", action: "verify", label: "", of: "nightly" });
    expect(await add({ cron: "0 3 * * *", action: "verify" })).toMatchObject({ id: "verify" });
    await expect(add({ cron: "@daily", action: "verify", of: "nightli" })).rejects.toMatchObject({ code: "not_found" });
    await expect(add({ cron: "@daily", action: "verify", of: "verify" })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("tells when it runs first and how it will call its snapshots", async () => {
    expect(await add({ cron: "0 0 2 1 *", keep: { last: 3 } })).toMatchObject({
      id: "schedule",
      label: "schedule-{time}",
      mode: "live",
      keep: { last: 3 },
      next_run_at: "2026-01-02T00:00:00.000Z",
    });
  });

  it("is refused when its name is taken, when it never fires, and for an instance that is not there", async () => {
    await add({ cron: "@daily", id: "nightly" });
    await expect(add({ cron: "@hourly", id: "nightly" })).rejects.toMatchObject({ code: "already_exists" });
    await expect(add({ cron: "0 0 31 4 *" })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(world.run("add-schedule", { name: "wbe", cron: "@daily" })).rejects.toMatchObject({
      details: { nearest: "web" },
    });
    expect(ids()).toEqual(["nightly"]);
  });

  it("is one of not too many", async () => {
    for (let count = 0; count < 32; count += 1) await add({ cron: "@daily" });
    await expect(add({ cron: "@daily" })).rejects.toMatchObject({ code: "wrong_state" });
  });
});

describe("a schedule that is removed", () => {
  const tagged = (label: string) => ({ name: "web", label, tags: { [scheduleTag]: "nightly", a: "b" } });
  const tagsOf = (label: string) => world.records.snapshots.get("web", label)?.tags;

  it("leaves its snapshots, which are like any others from then on", async () => {
    await add({ cron: "@daily", id: "nightly" });
    await world.did("snapshot", tagged("one"));
    expect(tagsOf("one")).toEqual({ [scheduleTag]: "nightly", a: "b" });
    await world.did("remove-schedule", { name: "web", id: "nightly" });
    await world.did("snapshot", tagged("begun-before"));
    expect([tagsOf("one"), tagsOf("begun-before")]).toEqual([{ a: "b" }, { a: "b" }]);
  });

  it("has to be there; the nearest is offered", async () => {
    await add({ cron: "@daily", id: "nightly" });
    await expect(world.run("remove-schedule", { name: "web", id: "nihgtly" })).rejects.toMatchObject({
      code: "not_found",
      details: { nearest: "nightly" },
    });
  });
});
