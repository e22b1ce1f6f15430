import { existsSync } from "node:fs";
import { conditionOf, engineSilence, type InstanceRecord, type Records } from "@dockersnap/core";
import type { Adapters } from "../app/adapters.ts";
import type { Finding } from "./checks.ts";

/** An engine answers in milliseconds, and where the whole machine is busy in a few seconds. */
const patienceMs = 10_000;

type Recorded = Pick<Records, "instances" | "operations">;

/** Every instance that `status` calls an error, with the same words. An instance that an operation is working on is none. */
export async function checkInstances(
  { engines }: Pick<Adapters, "engines">,
  records: Recorded,
): Promise<readonly Finding[]> {
  const unfinished = records.operations.unfinished();
  const holder = (name: string) => unfinished.find(({ instance }) => instance === name);
  const asked = records.instances.all().filter(({ purpose }) => purpose === undefined);
  const found = await Promise.all(
    asked.map(async (record) => {
      const { error } = await conditionOf({ platform: { engines }, holder, health: () => undefined }, record);
      if (error !== undefined) return [inError(record, error)];
      if ((await engines.state(record.name)) !== "running") return [];
      if (!existsSync(engines.socketPath(record.name))) return [cutOff(record, engines.socketPath(record.name))];
      return (await hangs(engines, record)) ? [hanging(record)] : [];
    }),
  );
  const wrong = found.flat();
  return wrong.length > 0 ? wrong : [{ subject: "instances", seen: `${asked.length}, none of them in error` }];
}

function inError({ name }: InstanceRecord, error: string): Finding {
  return { subject: "instance in error", seen: name, advice: error };
}

/** It runs, and nobody reaches it. */
function cutOff({ name }: InstanceRecord, socket: string): Finding {
  return {
    subject: "instance cut off",
    seen: `${name} runs, and its socket ${socket} is missing`,
    advice: `Something removed it. The daemon puts it back at once; where it cannot, 'dockersnap restart ${name}' makes a new one.`,
  };
}

/** One that refuses is being started again, and one that cannot be is in error. */
async function hangs(engines: Adapters["engines"], { name }: InstanceRecord): Promise<boolean> {
  const bound = AbortSignal.timeout(patienceMs);
  try {
    await engines.api(name).ping(bound);
    return false;
  } catch {
    return bound.aborted;
  }
}

function hanging({ name }: InstanceRecord): Finding {
  return { subject: "engine that hangs", seen: name, advice: engineSilence(name, patienceMs) };
}
