import type { Runs, ServiceContainer } from "./container.ts";

/**
 * The restart policy for a container whose file names none, now that everything is up; undefined where it is to have none.
 * An engine starts nothing without one again: after a stop, a revert or on a clone it would stay down.
 *
 * What serves something runs on. What may as well be a job that has not ended yet must not run a second time when it has:
 * `on-failure` brings it back only if it was cut off.
 */
export function fittingPolicy(container: ServiceContainer, image: Runs): "unless-stopped" | "on-failure" | undefined {
  const { state, role, runs } = container;
  if (state !== "running" || role === "job") return undefined;
  return role === "server" || (image.exposes && isOwnProgram(runs, image)) ? "unless-stopped" : "on-failure";
}

/** `postgres -c fsync=off` is still `postgres`, but `npm run migrate` is not `npm start`. */
function isOwnProgram(runs: Runs, image: Runs): boolean {
  const [program, argument] = runs.command;
  if (!isSame(runs.entrypoint, image.entrypoint)) return false;
  if (isSame(runs.command, image.command) || program?.startsWith("-") === true) return true;
  return isSame([program], image.command) && /^[-/]/.test(argument ?? "");
}

const isSame = (words: readonly (string | undefined)[], others: readonly string[]) =>
  words.length === others.length && words.every((word, index) => word === others[index]);
