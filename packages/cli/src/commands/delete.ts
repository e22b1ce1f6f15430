import type { Client, FollowOptions } from "@dockersnap/client";
import { DockersnapError } from "@dockersnap/contract/words";
import { type AccessRecord, accessRecord, removeAccessFiles } from "../access/leftovers.ts";
import { instanceOrSnapshotArgument, several } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { forEach } from "../each.ts";
import { exitCodes } from "../failure.ts";
import { flag } from "../options.ts";

interface Target {
  readonly instance: string;
  readonly label?: string;
}

export const remove = defineCommand({
  summary: "Delete instances with all their snapshots, or snapshots",
  description:
    "Asks for confirmation on a terminal. Also removes the files that 'use' wrote for a deleted instance.\n" +
    "With several names, nothing is deleted if one of the instances does not exist.",
  args: { targets: several(instanceOrSnapshotArgument) },
  options: { yes: flag("Do not ask for confirmation", { short: "y" }) },
  examples: ["dockersnap delete web", "dockersnap delete web@before-upgrade --yes", "dockersnap delete web db"],
  async run({ args: { targets }, options, client, ...shown }) {
    const { out, io } = shown;
    if (targets.length > 1) await requireAll(client, targets);
    if (io.interactive && !options.yes && !(await io.confirm(await question(client, targets)))) {
      out.note("Nothing was deleted.");
      return exitCodes.failed;
    }
    // Two changes of one instance would be in each other's way.
    const turns = new Map<string, Promise<unknown>>();
    const act = (target: Target, following: FollowOptions) => {
      const turn = (turns.get(target.instance) ?? Promise.resolve()).then(() => removeOne(target, following));
      turns.set(
        target.instance,
        turn.catch(() => undefined),
      );
      return turn;
    };
    const removeOne = async ({ instance, label }: Target, following: FollowOptions) => {
      if (label !== undefined) return client.instances.deleteSnapshot(instance, label, following);
      const files = await accessFilesOf(instance, client, io.home);
      await client.instances.delete(instance, following);
      if (files !== undefined) await removeAccessFiles(files, out);
    };
    return forEach(targets, { past: "Deleted", nameOf, act }, shown);
  },
});

function nameOf({ instance, label }: Target): string {
  return label === undefined ? instance : `${instance}@${label}`;
}

/**
 * `delete web golden` may be meant as `delete web@golden`: without this look, it would delete the instance and then say that
 * there is no instance 'golden'.
 */
async function requireAll(client: Client, targets: readonly Target[]): Promise<void> {
  const known = new Set((await client.instances.list({ all: true })).map(({ name }) => name));
  for (const { instance } of targets) {
    if (known.has(instance)) continue;
    const [first] = targets;
    const meant =
      first !== undefined && targets.length === 2 && first.label === undefined && first.instance !== instance
        ? ` To delete a snapshot, write 'dockersnap delete ${first.instance}@${instance}'.`
        : "";
    throw new DockersnapError("not_found", `There is no instance '${instance}', so nothing was deleted.${meant}`);
  }
}

/** Another daemon's instance may have the same name, so the folder has to be of this very one. */
async function accessFilesOf(name: string, client: Client, home: string): Promise<AccessRecord | undefined> {
  const record = await accessRecord(home, name);
  if (record === undefined) return undefined;
  const instance = await client.instances.get(name).catch(() => undefined);
  return instance?.created_at === record.owner.created_at ? record : undefined;
}

async function question(client: Client, targets: readonly Target[]): Promise<string> {
  const [only] = targets;
  if (targets.length !== 1 || only === undefined) {
    return `Delete ${targets.map(nameOf).join(", ")}, instances with all their snapshots? They cannot be brought back.`;
  }
  const { instance, label } = only;
  if (label !== undefined) return `Delete snapshot ${instance}@${label}? It cannot be brought back.`;
  const { snapshots } = await client.instances.get(instance);
  const also =
    snapshots.length === 0
      ? ""
      : ` with ${snapshots.length === 1 ? "its snapshot" : `its ${snapshots.length} snapshots`}`;
  return `Delete instance ${instance}${also}? It cannot be brought back.`;
}
