import { snapshotArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { parseVerifyTimeout } from "../config/seconds.ts";
import { exitCodes } from "../failure.ts";
import { text } from "../options.ts";
import { oneLine } from "../output/printable.ts";
import { span } from "../output/time.ts";

export const verify = defineCommand({
  summary: "Verify that a snapshot can be restored",
  description:
    "Boots a temporary clone of the snapshot, checks its health and deletes it; the instance itself is not touched. Without a\n" +
    "workload, every container that starts by itself must be running and healthy. The result is stored with the snapshot.\n" +
    "Exits with 1 if the snapshot cannot be restored.",
  args: { snapshot: snapshotArgument },
  options: { timeout: text("seconds", "Seconds to wait until the clone is healthy, once its engine is up (120)") },
  examples: ["dockersnap verify web@before-upgrade", "dockersnap verify web before-upgrade --timeout 300"],
  async run({ args, options, client, follow, out }) {
    const { instance, label } = args.snapshot;
    const request = options.timeout === undefined ? {} : parseVerifyTimeout(options.timeout);
    const found = await follow((following) => client.instances.verifySnapshot(instance, label, request, following));
    const name = `${instance}@${label}`;
    const failed = (found.checks ?? []).filter(({ ok }) => !ok);
    await out.result(found, {
      text: () =>
        found.ok
          ? `${name} is restorable: ready in ${span(found.ready_ms ?? 0)}.\n`
          : [
              `${name} is NOT restorable. ${oneLine(found.problem ?? "")}`,
              // The problem names the only one.
              ...(failed.length < 2 ? [] : failed).map((check) =>
                oneLine(`FAILED  ${check.name}${check.message ? `: ${check.message}` : ""}`),
              ),
              "",
            ].join("\n"),
      names: () => [name],
    });
    return found.ok ? exitCodes.done : exitCodes.failed;
  },
});
