import type { DaemonCommand } from "../command.ts";

export const doctor: DaemonCommand = {
  summary: "Check this machine for what the daemon needs, and for leftovers",
  daemonVerb: "doctor",
};
