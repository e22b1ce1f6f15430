import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StepMoment } from "@dockersnap/core";
import { actOf, draws, type HistoryAct, HistoryModel, historySight, stepsOf } from "@dockersnap/core/testing";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { Drill } from "./drill.ts";
import type { Call } from "./exercise.ts";
import { dataFile, writeData } from "./sight.ts";

/**
 * The core's ten thousand random acts run on fakes; these few run on real engines and a real btrfs, with a daemon that is
 * really killed. `DOCKERSNAP_TEST_SEED=17` tries others.
 */
const seed = Number(process.env.DOCKERSNAP_TEST_SEED ?? 4);
const turns = 60;

const drill = await Drill.start();
afterAll(() => drill.end());
const { world, faults } = drill;
const { instances, operations } = world.client;
const pool = join(world.stateDir, "pool");

/** The daemon is killed at this moment of the operation, if it comes there. */
const kills = fc.option(
  fc.record({ step: fc.nat(99), moment: fc.constantFrom<StepMoment>("begin", "acted", "journalled") }),
  {
    freq: 2,
  },
);

function callOf(act: Exclude<HistoryAct, { kind: "write" }>): Call {
  const path = `/instances/${act.name}`;
  switch (act.kind) {
    case "create":
      return { method: "POST", path: "/instances", body: { name: act.name } };
    case "delete":
      return { method: "DELETE", path };
    case "undo":
    case "redo":
      return { method: "POST", path: `${path}/${act.kind}` };
    case "snapshot":
    case "revert":
      return { method: "POST", path: `${path}/${act.kind}`, body: { label: act.label } };
    case "remove-snapshot":
      return { method: "DELETE", path: `${path}/snapshots/${act.label}` };
    case "rename":
      return { method: "PATCH", path: `${path}/snapshots/${act.label}`, body: { new_label: act.to } };
    case "clone":
      return { method: "POST", path: `/instances/${act.source}/clone`, body: { label: act.label, new_name: act.name } };
  }
}

async function ask({ method, path, body }: Call): Promise<{ id?: string; code?: string }> {
  const response = await fetch(`${world.url}/api/v1${path}`, {
    method,
    headers: { prefer: "respond-async", "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  return (await response.json()) as { id?: string; code?: string };
}

/** Whether it was done; a daemon that was killed meanwhile has been followed by the next one. */
async function carriedOut(call: Call, isDisturbed: boolean): Promise<boolean> {
  // The answer may go with the daemon.
  const { id, code } = await ask(call).catch((error: unknown) => {
    if (isDisturbed) return { id: undefined, code: undefined };
    throw error;
  });
  if (code !== undefined) throw new Error(`It was refused: ${code}.`);
  if (!isDisturbed) {
    expect(await operations.events(id ?? "")).toMatchObject({ status: "done" });
    return true;
  }
  const over = new AbortController();
  const ended =
    id === undefined
      ? "lost"
      : operations.events(id, { signal: over.signal }).then(
          () => "ended",
          () => "lost",
        );
  const how = await Promise.race([ended, world.daemonEnd().then(() => "lost")]);
  over.abort();
  // Where the operation left the step out, its daemon is still there.
  if (how === "lost") {
    await world.daemonEnd();
    await world.startDaemon();
  }
  const [operation] = (await operations.list()).filter(({ requested_by }) => requested_by !== "daemon");
  expect(operation?.status).toMatch(/^(done|failed)$/);
  return operation?.status === "done";
}

const contentOf = (tree: string) => {
  const file = join(tree, dataFile);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

/** Everything there is, and nothing else, with what is in it: in the answers of the API and on the disk. */
async function check(model: HistoryModel, after: string): Promise<void> {
  const there = (await instances.list({ all: true }))
    .map(({ name }) => name)
    .filter((name) => name !== drill.bystander);
  expect(there.sort(), after).toEqual(model.names().toSorted());
  for (const name of model.names()) {
    const folder = join(pool, "snapshots", name);
    const labels = existsSync(folder) ? readdirSync(folder) : [];
    expect({ after, name, known: model.learn(name, labels) }).toEqual({ after, name, known: true });
    const seen = historySight(await instances.history(name), contentOf(join(pool, "instances", name)), (label) =>
      contentOf(join(folder, label)),
    );
    expect({ after, name, ...seen }).toEqual({ after, name, ...model.expected(name) });
  }
}

it("keeps every history and the data of every snapshot through random operations and killed daemons", async () => {
  const model = new HistoryModel();
  const done = { operations: 0, killed: 0 };
  const called = (name: string) => world.name(name);
  for (const [turn, [draw, kill]] of fc.sample(fc.tuple(draws, kills), { seed, numRuns: turns }).entries()) {
    const act = actOf(draw, model, turn, called);
    const after = `turn ${turn} of seed ${seed}: ${JSON.stringify({ act, kill })}`;
    const code = model.refusal(act);
    if (act.kind === "write") {
      writeData(world, act.name, act.data);
      model.did(act);
    } else if (code !== undefined) {
      expect(await ask(callOf(act)), after).toMatchObject({ code });
    } else {
      const steps = stepsOf[act.kind];
      const step = kill === null ? undefined : steps[kill.step % steps.length];
      faults.clear();
      if (kill !== null && step !== undefined) faults.set(act.name, [{ step, moment: kill.moment, act: "kill" }]);
      done.operations += 1;
      const pid = world.daemonPid;
      if (await carriedOut(callOf(act), step !== undefined)) model.did(act);
      if (world.daemonPid !== pid) done.killed += 1;
    }
    await check(model, after);
  }
  expect(await drill.strays()).toEqual([]);
  expect(done.operations).toBeGreaterThan(turns / 2);
  expect(done.killed).toBeGreaterThan(5);
}, 400_000);
