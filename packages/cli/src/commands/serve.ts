import type { DaemonCommand } from "../command.ts";

export const serve: DaemonCommand = { summary: "Run the daemon, on this machine", daemonVerb: "serve" };
