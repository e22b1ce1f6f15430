import type { Pod } from "./pod.ts";
import type { Finding } from "./verdict.ts";

/** Pods that are told of one by one, those in trouble first; the rest is in the sum. */
const mostListed = 60;

export interface PodFacts {
  /** Whether the pods given are all there are. */
  readonly isComplete: boolean;
  /** Whether the nodes have just been started: everything on them crashes until what it needs is there again. */
  readonly isComingUp: boolean;
  /** How long after its creation a pod may be on its way. */
  readonly startupMs: number;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

const order: readonly Finding["state"][] = ["broken", "coming", "limited", "fine"];

/** A sum, then one finding for each pod, the worst first. */
export function judgePods(pods: readonly Pod[], facts: PodFacts): Finding[] {
  const findings = pods
    .map((pod): Finding => ({ name: `pod ${pod.name}`, state: judge(pod, facts), reason: pod.reason }))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  const worst = findings[0]?.state ?? "fine";
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  const counts = [
    `${count("fine")} of ${pods.length}${facts.isComplete ? "" : " looked at"} are fine`,
    ...(count("broken") > 0 ? [`${count("broken")} are broken`] : []),
    ...(count("coming") > 0 ? [`${count("coming")} are on their way`] : []),
    ...(count("limited") > 0 ? [`${count("limited")} have failed and are not tried again`] : []),
    ...(facts.isComplete ? [] : ["there are more"]),
  ];
  return [{ name: "pods", state: worst, reason: counts.join(", "), isSummary: true }, ...findings.slice(0, mostListed)];
}

function judge(pod: Pod, { isComingUp, startupMs, now }: PodFacts): Finding["state"] {
  switch (pod.state) {
    case "ready":
    case "done":
      return "fine";
    case "failed":
      return "limited";
    case "failing":
      return isComingUp && pod.mayRecover ? "coming" : "broken";
    case "coming":
      return isComingUp || now - pod.createdAt < startupMs ? "coming" : "broken";
  }
}
