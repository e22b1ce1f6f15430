import type { ProgressEvent } from "@dockersnap/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;

const five = [1, 2, 3, 4, 5].map((number) => `c${number}`);

beforeAll(async () => {
  // Far less than an engine with a tenth of a processor needs for five containers.
  world = await World.start({ config: { docker: { start_timeout: "3s" } } });
  ({ name, engine } = await bareInstance(world, "slow"));
  for (const one of five) await engine.run({ name: one, restart: "always" });
  await world.client.instances.snapshot(name, { label: "s" });
  await world.client.instances.change(name, { limits: { cpus: 0.1 } });
});
afterAll(() => world?.end());

async function expectAllUp(): Promise<void> {
  for (const one of five) expect(await engine.state(one)).toMatchObject({ Running: true });
  expect(await world.client.instances.get(name)).toMatchObject({ status: "running" });
}

const tellsHowFar = ({ message }: ProgressEvent) => /^\d of 5 containers up$/.test(message ?? "");

it("reverts an instance that has hardly any processor time, and tells how far its containers are", async () => {
  const told: ProgressEvent[] = [];
  await world.client.instances.revert(name, { label: "s" }, { onProgress: (event) => told.push(event) });
  expect(told.some(tellsHowFar)).toBe(true);
  await expectAllUp();
});

it("has the state before back when such a revert is cancelled half way, however long that takes", async () => {
  const answer = await fetch(`${world.url}/api/v1/instances/${name}/revert`, {
    method: "POST",
    body: JSON.stringify({ label: "s" }),
    headers: { "content-type": "application/json", prefer: "respond-async" },
  });
  const { id } = (await answer.json()) as { id: string };
  let cancelled: Promise<unknown> | undefined;
  const ended = await world.client.operations.events(id, {
    onProgress(event) {
      if (tellsHowFar(event)) cancelled ??= world.client.operations.cancel(id);
    },
  });
  await cancelled;
  expect(ended).toMatchObject({ status: "cancelled" });
  await expectAllUp();
});
