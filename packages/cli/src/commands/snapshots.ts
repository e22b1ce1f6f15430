import type { Snapshot } from "@dockersnap/contract/words";
import { size } from "@dockersnap/contract/words";
import { instanceArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { flag } from "../options.ts";
import { table } from "../output/table.ts";
import { age, timeLeft } from "../output/time.ts";

/** Labels that a sentence names. */
const mostNamed = 3;

export const snapshots = defineCommand({
  summary: "List the snapshots of an instance",
  args: { name: instanceArgument },
  options: { size: flag("Also show each snapshot's size and what deleting it would free (takes seconds)") },
  examples: ["dockersnap snapshots web", "dockersnap snapshots web --size", "dockersnap snapshots web -o name"],
  async run({ args, options, client, out }) {
    const all = await client.instances.snapshots(args.name, { sizes: options.size });
    const anyWait = all.some(({ standby }) => standby !== undefined);
    const rows = all.map((one) => [
      one.label,
      age(one.created_at),
      one.mode ?? "",
      one.parent ?? "",
      ...(options.size ? [sizeOf(one.referenced_bytes), sizeOf(one.freed_by_delete_bytes)] : []),
      one.protected ? "yes" : "",
      one.verified === undefined ? "" : `${one.verified.ok ? "ok" : "FAILED"} ${age(one.verified.checked_at)} ago`,
      ...(anyWait ? [one.standby === undefined ? "" : `${one.standby.ready} of ${one.standby.count}`] : []),
      one.expires_at === undefined ? "" : `in ${timeLeft(one.expires_at)}`,
      Object.entries(one.tags ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    ]);
    const sizes = options.size ? ["SIZE", "FREED BY DELETE"] : [];
    const waiting = anyWait ? ["STANDBY"] : [];
    const head = ["LABEL", "AGE", "MODE", "PARENT", ...sizes, "PROTECTED", "VERIFIED", ...waiting, "EXPIRES", "TAGS"];
    await out.result(all, {
      text: () => table(head, rows, out.colors.bold),
      names: () => all.map((one) => `${args.name}@${one.label}`),
    });
    for (const sentence of notCaptured(all)) out.note(sentence);
  },
});

/** What is in no snapshot, and of which it is missing: mostly the same of all. */
function notCaptured(all: readonly Snapshot[]): readonly string[] {
  const missing = all.flatMap(({ label, not_captured = [] }) => not_captured.map((what) => ({ label, what })));
  return [...Map.groupBy(missing, ({ what }) => what)].map(([what, of]) => {
    const labels = of.map(({ label }) => label);
    const named = labels.length > mostNamed ? `${labels.length} snapshots` : labels.join(", ");
    return `Not in ${named}: ${what}`;
  });
}

/** One that came or went while the daemon looked has no size. */
function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? "unknown" : size(bytes);
}
