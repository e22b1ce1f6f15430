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
      return error === undefined ? [] : [inError(record, error)];
    }),
  );
  const wrong = found.flat();
  return wrong.length > 0 ? wrong : [{ subject: "instances", seen: `${asked.length}, none of them in error` }];
}

function inError({ name }: InstanceRecord, error: string): Finding {
  return { subject: "instance in error", seen: name, advice: error };
}
