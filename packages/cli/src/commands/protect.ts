import { snapshotArgument } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";

export const protect = protection(true, {
  summary: "Keep a snapshot from being removed",
  description:
    "Neither its expiry nor a schedule nor 'delete', of the snapshot or of its instance, removes it until it is unprotected.",
  done: "Protected",
});

export const unprotect = protection(false, {
  summary: "Let a snapshot be removed again",
  description: "Once its expiry has passed it goes soon after.",
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
