import type { Client } from "@dockersnap/client";
import { type AccessRecord, accessRecord, removeAccessFiles } from "../access/leftovers.ts";
import { instanceOrSnapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../failure.ts";
import { flag } from "../options.ts";

export const remove = defineCommand({
  summary: "Delete an instance with all its snapshots, or one snapshot",
  description: "On a terminal it asks first. Files that 'use' wrote for a deleted instance are removed too.",
  args: { target: instanceOrSnapshotArgument },
  options: { yes: flag("Do not ask", { short: "y" }) },
  examples: ["dockersnap delete web", "dockersnap delete web@before-upgrade --yes"],
  async run({ args: { target }, options, client, follow, out, io }) {
    const name = target.label === undefined ? target.instance : `${target.instance}@${target.label}`;
    if (io.interactive && !options.yes && !(await io.confirm(await question(client, target)))) {
      out.note("Nothing was deleted.");
      return exitCodes.failed;
    }
    const { instance, label } = target;
    const files = label === undefined ? await accessFilesOf(instance, client, io.home) : undefined;
    await follow((following) =>
      label === undefined
        ? client.instances.delete(instance, following)
        : client.instances.deleteSnapshot(instance, label, following),
    );
    if (files !== undefined) await removeAccessFiles(files, out);
    await out.done(undefined, { text: () => `Deleted ${name}.\n`, names: () => [name] });
    return exitCodes.done;
  },
});

/** Another daemon's instance may have the same name, so the folder has to be of this very one. */
async function accessFilesOf(name: string, client: Client, home: string): Promise<AccessRecord | undefined> {
  const record = await accessRecord(home, name);
  if (record === undefined) return undefined;
  const instance = await client.instances.get(name).catch(() => undefined);
  return instance?.created_at === record.owner.created_at ? record : undefined;
}

async function question(client: Client, { instance, label }: { instance: string; label?: string }): Promise<string> {
  if (label !== undefined) return `Delete snapshot ${instance}@${label}? It cannot be brought back.`;
  const { snapshots } = await client.instances.get(instance);
  const also =
    snapshots.length === 0
      ? ""
      : ` with ${snapshots.length === 1 ? "its snapshot" : `its ${snapshots.length} snapshots`}`;
  return `Delete instance ${instance}${also}? It cannot be brought back.`;
}
