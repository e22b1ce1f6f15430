import { conditionOf, isThere, isTrue, textOf } from "./api-objects.ts";
import { plainText } from "./plain-text.ts";

/** A node as the API server knows it. */
export interface ApiNode {
  readonly name: string;
  readonly isControlPlane: boolean;
  readonly ready: boolean;
  /** Why it is not ready, or what it says beside being so. */
  readonly reason: string;
  readonly version: string;
  /** What limits it although it is ready: it is cordoned, or short of something. */
  readonly limits: readonly string[];
}

const shortages = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

export function parseNode(value: unknown): ApiNode | undefined {
  const name = plainText(textOf(value, "metadata", "name"), 100);
  if (name === "") return undefined;
  const ready = conditionOf(value, "Ready");
  return {
    name,
    // The second is its older name.
    isControlPlane: ["control-plane", "master"].some((role) =>
      isThere(value, "metadata", "labels", `node-role.kubernetes.io/${role}`),
    ),
    ready: textOf(ready, "status") === "True",
    reason: plainText([textOf(ready, "reason"), textOf(ready, "message")].filter(Boolean).join(": "), 300),
    version: plainText(textOf(value, "status", "nodeInfo", "kubeletVersion"), 50),
    limits: [
      ...(isTrue(value, "spec", "unschedulable") ? ["SchedulingDisabled"] : []),
      ...shortages.filter((type) => textOf(conditionOf(value, type), "status") === "True"),
    ],
  };
}

/** `Ready`, or why it is not. */
export function nodeCondition({ ready, reason, limits }: ApiNode): string {
  if (ready) return ["Ready", ...limits].join(", ");
  return reason === "" ? "NotReady" : `NotReady (${reason})`;
}
