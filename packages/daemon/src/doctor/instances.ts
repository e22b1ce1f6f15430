import { existsSync } from "node:fs";
import { conditionOf, type InstanceRecord, type Records } from "@dockersnap/core";
import type { Adapters } from "../app/adapters.ts";
import type { Finding } from "./checks.ts";

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
      return (await isCutOff(engines, record)) ? [cutOff(record, engines.socketPath(record.name))] : [];
    }),
  );
  const wrong = found.flat();
  return wrong.length > 0 ? wrong : [{ subject: "instances", seen: `${asked.length}, none of them in error` }];
}

function inError({ name }: InstanceRecord, error: string): Finding {
  return { subject: "instance in error", seen: name, advice: error };
}

/** It runs, and nobody reaches it. */
async function isCutOff(engines: Adapters["engines"], { name }: InstanceRecord): Promise<boolean> {
  return (await engines.state(name)) === "running" && !existsSync(engines.socketPath(name));
}

function cutOff({ name }: InstanceRecord, socket: string): Finding {
  return {
    subject: "instance cut off",
    seen: `${name} runs, and its socket ${socket} is missing`,
    advice: `Something removed it. The daemon puts it back at once; where it cannot, 'dockersnap restart ${name}' makes a new one.`,
  };
}
