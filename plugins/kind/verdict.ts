import type { HealthResult } from "@dockersnap/plugin-sdk";

/**
 * One thing that was looked at. `coming` is not there yet and may still be; `limited` works, though not as it should;
 * `broken` does not.
 */
export interface Finding {
  readonly name: string;
  readonly state: "fine" | "limited" | "coming" | "broken";
  /** Empty where there is nothing to say. */
  readonly reason: string;
  /** Sums up other findings: it is told as a check, and is no reason of its own. */
  readonly isSummary?: boolean;
}

/** A health of all that was found: what is broken outweighs what is coming, and both what is limited. */
export function verdict(findings: readonly Finding[]): HealthResult {
  const those = (state: Finding["state"]) =>
    findings.filter((finding) => finding.state === state && finding.isSummary !== true);
  const broken = those("broken");
  const coming = those("coming");
  const limited = those("limited");
  const checks = findings.map(({ name, state, reason }) => ({
    name,
    ok: state === "fine" || state === "limited",
    ...(reason !== "" && { message: reason }),
  }));
  if (broken.length > 0) return { status: "unhealthy", message: told(broken), checks };
  if (coming.length > 0) return { status: "starting", message: told(coming), checks };
  if (limited.length > 0) return { status: "degraded", message: told(limited), checks };
  return { status: "healthy", checks };
}

function told(findings: readonly Finding[]): string {
  const [first] = findings;
  const others = findings.length - 1;
  return `${first?.name}: ${first?.reason}${others === 0 ? "" : ` (and ${others} more)`}`;
}
