import { isDemand, refusingEngine, silentEngine } from "../engine/stand-ins.ts";
import { isAbsent, type Observed, succeeded, tell } from "../process/observed.ts";
import type { Subject } from "../subject.ts";
import { checkBrokenInput } from "./broken-input.ts";
import { judgeProgress } from "./progress.ts";

/** Long enough for a client that tries a few times, short enough for a person who waits. */
const engineLessMs = 60_000;

/** How long a deploy may go on without turning to the engine before it is stopped to see whether it can be. */
const unpromptedMs = 5_000;

/** Far longer than a plugin takes to come up: what it has not done by then it does not do without an input. */
const unfedMs = 2_000;

/** deploy, without anything it could deploy to. */
export async function checkDeploy(subject: Subject): Promise<void> {
  const { caller, report, good } = subject;
  const timeoutMs = Math.min(engineLessMs, caller.timeoutOf("deploy"));
  const alone = await caller.call("deploy", { input: good, timeoutMs });
  if (isAbsent(alone)) {
    report.failed("deploy/present", tell(alone));
    report.close("deploy", "it has no deploy");
    return;
  }
  report.ok("deploy/present");
  judge(subject, alone, "the engine was not there");
  await checkRefusedDeploy(subject, timeoutMs);
  await checkStop(subject);
  await checkWait(subject);
  await checkBrokenInput(subject, { rule: "deploy/broken-input", command: "deploy", input: good, mustRefuse: true });
}

function judge({ report }: Subject, observed: Observed, when: string): void {
  judgeProgress(report, "deploy", observed);
  if (observed.ending.kind === "timeout") report.failed("deploy/ends", `when ${when}, ${tell(observed)}`);
  else report.ok("deploy/ends");
}

async function checkRefusedDeploy(subject: Subject, timeoutMs: number): Promise<void> {
  const { caller, report, scratch, good } = subject;
  await using engine = await refusingEngine(scratch.path("refusing.sock"));
  const refused = await caller.call("deploy", { input: onEngine(good, engine.socket), timeoutMs });
  judge(subject, refused, "the engine refused everything");
  const demands = engine.requests.filter(isDemand);
  if (demands.length === 0) {
    report.skip("deploy/honest", "it asked the engine for nothing");
    return;
  }
  if (succeeded(refused))
    report.failed("deploy/honest", `it was refused ${demands.slice(0, 3).join(", ")} and succeeded`);
  else report.ok("deploy/honest");
}

/** SIGTERM while the plugin waits for an engine that never answers. */
async function checkStop(subject: Subject): Promise<void> {
  const { caller, report, scratch, good } = subject;
  const stop = new AbortController();
  const prompt = setTimeout(() => stop.abort(), unpromptedMs);
  try {
    await using engine = await silentEngine(scratch.path("silent.sock"), () => stop.abort());
    const stopped = await caller.call("deploy", { input: onEngine(good, engine.socket), stop: stop.signal });
    judgeProgress(report, "deploy", stopped);
    if (stopped.ending.kind !== "cancelled") {
      report.skip("deploy/stops", "it had ended before it could be stopped");
    } else if (stopped.ending.killed) report.failed("deploy/stops", "SIGKILL had to end it");
    else report.ok("deploy/stops");
  } finally {
    clearTimeout(prompt);
  }
}

/** A daemon starts it before there is an input, and may then have none. */
async function checkWait({ caller, report, schema }: Subject): Promise<void> {
  if (schema.reads_input_first !== true) {
    report.skip("deploy/waits", "it does not say that it reads its input first");
    return;
  }
  const waiting = await caller.call("deploy", { unfed: true, stop: AbortSignal.timeout(unfedMs) });
  const { ending, progress, traces } = waiting;
  if (ending.kind !== "cancelled") report.failed("deploy/waits", `without an input, ${tell(waiting)}`);
  else if (ending.killed) report.failed("deploy/waits", "SIGKILL had to end it");
  else if (progress.events > 0 || progress.otherOutput !== "")
    report.failed("deploy/waits", "it wrote to stdout without an input");
  else if (traces.length > 0) report.failed("deploy/waits", `without an input, it made ${traces.join(", ")}`);
  else report.ok("deploy/waits");
}

const onEngine = (input: Subject["good"], socket: string) => ({ ...input, instance: { ...input.instance, socket } });
