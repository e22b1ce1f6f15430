import { instanceNamePattern } from "@dockersnap/contract";
import { beforeEach, expect, it } from "vitest";
import { describeHistory, findInstance, ownName, usersInstances } from "../../src/index.ts";
import { container, World } from "../world.ts";

let world: World;

beforeEach(async () => {
  world = new World();
  await world.did("create", { name: "web" });
  await world.did("snapshot", { name: "web", label: "golden" });
});

async function ownClone(name: string): Promise<void> {
  await world.did("clone", { source: "web", label: "golden", name });
  world.records.instances.update(name, { purpose: "verify" });
}

it("bears the name of what it came from, what it is for, and a part of its own", () => {
  expect(ownName("web", "verify")).toMatch(/^web-verify-[0-9a-f]{6}$/);
  expect(ownName("web", "verify")).not.toBe(ownName("web", "verify"));
  for (const purpose of ["verify", "standby"] as const) {
    expect(ownName("a".repeat(32), purpose)).toMatch(instanceNamePattern);
  }
});

it("is in nobody's way: not among what users asked for, in no history, and no name is taken for a mistyped one of it", async () => {
  await ownClone("wob");
  expect(usersInstances(world.records).map(({ name }) => name)).toEqual(["web"]);
  expect(describeHistory(world.records, "web").clones).toEqual([]);
  expect(() => findInstance(world.records, "wobb")).toThrow(expect.objectContaining({ details: undefined }));
});

it("can be looked at by its name, with what it is for, and deleted", async () => {
  await ownClone("web-verify-1");
  expect(await world.describe("web-verify-1")).toMatchObject({ purpose: "verify", clone_of: "web@golden" });
  expect(await world.describe("web")).not.toHaveProperty("purpose");
  await world.did("delete", { name: "web-verify-1" });
  expect(world.records.instances.get("web-verify-1")).toBeUndefined();
});

it("takes no host port that somebody else may want to publish on purpose", async () => {
  world.records.instances.update("web", { purpose: "verify" });
  world.engines.setContainers("web", [
    container({ ports: [{ ip: "0.0.0.0", publicPort: 8080, privatePort: 80, protocol: "tcp" }] }),
  ]);
  await world.did("restart", { name: "web" });
  expect(world.ports("web")).toMatchObject([{ container_port: 8080, host_port: 20_000, requested_host_port: 8080 }]);
});
