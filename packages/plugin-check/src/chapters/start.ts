import { exitsWith, failedProperly, isAbsent, quote, succeeded, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";

/** init, as at a daemon's start and at a reload. */
export async function checkInit({ caller, report }: Subject): Promise<void> {
  for (const time of ["", "when it is called again, "]) {
    const init = await caller.call("init");
    if (!succeeded(init) && !isAbsent(init)) {
      report.failed("init/succeeds", `${time}${tell(init)}`);
      return;
    }
    report.ok("init/succeeds");
    const output = init.stdout.toString("utf8").trim();
    if (output !== "" && !isAbsent(init)) report.warn("init/quiet", `it wrote ${quote(output)}`);
    else report.ok("init/quiet");
  }
}

/** A name no version of the contract will have. */
const noCommand = "no-such-command";

export async function checkUnknownCommand({ caller, report, good }: Subject): Promise<void> {
  const unknown = await caller.call(noCommand, { input: good });
  if (exitsWith(unknown, 64)) report.ok("command/unknown");
  else if (failedProperly(unknown)) report.warn("command/unknown", tell(unknown));
  else report.failed("command/unknown", tell(unknown));
}
