import { snapshotArgument } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";

export const protect = protection(true, {
  summary: "Protect a snapshot from deletion",
  description:
    "Until it is unprotected, the snapshot is not deleted by its expiry, by a schedule, or by 'delete' of it or its instance.",
  done: "Protected",
});

export const unprotect = protection(false, {
  summary: "Allow a protected snapshot to be deleted again",
  description: "If its expiry has passed, it is deleted soon after.",
  done: "Unprotected",
});

function protection(
  isProtected: boolean,
  { summary, description, done }: { summary: string; description: string; done: string },
): Command {
  return defineCommand({
    summary,
    description,
    args: { snapshot: snapshotArgument },
    examples: [`dockersnap ${isProtected ? "protect" : "unprotect"} web@before-upgrade`],
    async run({ args, client, follow, out }) {
      const { instance, label } = args.snapshot;
      const changed = await follow((following) =>
        client.instances.changeSnapshot(instance, label, { protected: isProtected }, following),
      );
      const name = `${instance}@${label}`;
      await out.done(changed, { text: () => `${done} ${name}.\n`, names: () => [name] });
      return undefined;
    },
  });
}
