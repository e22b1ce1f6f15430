import { accessSync, constants } from "node:fs";
import { DockersnapError, type Instance } from "@dockersnap/contract/words";

/** Whether the daemon is on this machine, going by the name it is reached under. */
function isLocal(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname;
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

/** Whether an engine's address leads to the engine from here; an engine's socket is a file of the daemon's host. */
export function leadsToEngine(dockerHost: string, baseUrl: string): boolean {
  return !dockerHost.startsWith("unix:") || isLocal(baseUrl);
}

/** The socket of a local instance's engine. Throws `wrong_state` for a daemon on another host. */
export function engineSocket(instance: Instance, baseUrl: string): string {
  if (isLocal(baseUrl)) return instance.socket;
  throw new DockersnapError(
    "wrong_state",
    `The engine of '${instance.name}' listens on a socket of the daemon's host ${new URL(baseUrl).host}, not on this machine. ` +
      `Run 'dockersnap docker ${instance.name} -- …' there.`,
  );
}

/** Why this user cannot use the socket, with what to do about it; undefined where nothing is in the way. */
export function socketProblem(socket: string): string | undefined {
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EACCES")) return undefined;
    return (
      `The engine's socket ${socket} is for root and the group 'docker'. Use sudo, ` +
      "or join the group with 'sudo usermod -aG docker $USER' and log in again."
    );
  }
}

/** Throws `wrong_state` where the engine does not run. */
export function requireRunning({ name, status }: Instance): void {
  if (status === "running") return;
  throw new DockersnapError(
    "wrong_state",
    `Instance '${name}' is not running (${status}). Start it with 'dockersnap start ${name}'.`,
  );
}
