import { conditionOf, isThere, listOf, numberOf, textOf, timeOf } from "./api-objects.ts";
import { plainText } from "./plain-text.ts";

/**
 * How a pod stands. `coming` is on its way and may still get there; `failing` will not by itself; `failed` has ended badly
 * and is not tried again, as a job's; `done` has ended well.
 */
type PodState = "ready" | "coming" | "failing" | "failed" | "done";

export interface Pod {
  /** `namespace/name`. */
  readonly name: string;
  readonly state: PodState;
  /** Why it is not ready, or not quite; empty otherwise. */
  readonly reason: string;
  /** In milliseconds since the epoch; 0 where it is not known. */
  readonly createdAt: number;
  /** Whether what keeps it down can be the doing of a cluster that has just been started. */
  readonly mayRecover: boolean;
}

const usualWaits = ["", "ContainerCreating", "PodInitializing"];
const imageTroubles = ["ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull"];

export function parsePod(value: unknown): Pod | undefined {
  const own = textOf(value, "metadata", "name");
  if (own === "") return undefined;
  return {
    name: plainText(`${textOf(value, "metadata", "namespace")}/${own}`, 200),
    createdAt: timeOf(value, "metadata", "creationTimestamp") ?? 0,
    mayRecover: true,
    ...standing(value),
  };
}

type Standing = Pick<Pod, "state" | "reason"> & Partial<Pick<Pod, "mayRecover">>;

function standing(pod: unknown): Standing {
  const phase = textOf(pod, "status", "phase");
  if (phase === "Succeeded") return { state: "done", reason: "" };
  if (phase === "Failed") return { state: "failed", reason: endOf(pod) };
  if (isThere(pod, "metadata", "deletionTimestamp")) return { state: "done", reason: "Terminating" };
  const stuck = containers(pod)
    .map(waitOf)
    .find((wait) => wait !== undefined);
  if (stuck !== undefined) return stuck;
  const scheduled = conditionOf(pod, "PodScheduled");
  if (textOf(scheduled, "status") === "False") {
    return {
      state: "coming",
      reason: sentence("Pending", textOf(scheduled, "message") || textOf(scheduled, "reason")),
    };
  }
  const ready = conditionOf(pod, "Ready");
  if (textOf(ready, "status") === "True") return { state: "ready", reason: "" };
  const waiting = containers(pod)
    .map((container) => textOf(container, "state", "waiting", "reason"))
    .find(Boolean);
  return { state: "coming", reason: sentence(waiting ?? (phase || "Unknown"), textOf(ready, "message")) };
}

const containers = (pod: unknown) => [
  ...listOf(pod, "status", "initContainerStatuses"),
  ...listOf(pod, "status", "containerStatuses"),
];

/** What a container waits for that is not part of a usual start. */
function waitOf(container: unknown): Standing | undefined {
  const reason = textOf(container, "state", "waiting", "reason");
  if (usualWaits.includes(reason)) return undefined;
  const last = ["lastState", "terminated"] as const;
  const crash = isThere(container, ...last)
    ? `container ${textOf(container, "name")} ended with ${numberOf(container, ...last, "exitCode")} (${textOf(container, ...last, "reason") || "Error"}), ${numberOf(container, "restartCount")} restarts`
    : textOf(container, "state", "waiting", "message");
  return { state: "failing", reason: sentence(reason, crash), mayRecover: !imageTroubles.includes(reason) };
}

function endOf(pod: unknown): string {
  const ended = containers(pod).find((container) => numberOf(container, "state", "terminated", "exitCode") !== 0);
  const reason = textOf(pod, "status", "reason") || textOf(ended, "state", "terminated", "reason") || "Failed";
  const code = numberOf(ended, "state", "terminated", "exitCode");
  return sentence(reason, textOf(pod, "status", "message") || (ended === undefined ? "" : `exit code ${code}`));
}

const sentence = (reason: string, detail: string) => plainText(detail === "" ? reason : `${reason}: ${detail}`, 300);
