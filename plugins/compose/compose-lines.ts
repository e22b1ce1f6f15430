import type { Progress } from "@dockersnap/plugin-sdk";

const longestMessage = 200;

/** A big project pulls and starts a few hundred things; what goes on beyond that is not followed. */
const mostSteps = 1000;

/** `Creating demo_web_1 ... done` of the older Compose. */
const older = /^(Creating|Recreating|Starting|Pulling|Building) (\S+)(?: \.\.\.)?(?: (done|error))?/;

/** ` Container demo-web-1  Started` of the newer one. */
const newer = /^\s*(Container|Network|Volume|Image|Service)\s+"?([^"\s]+)"?\s+(\w+)\s*$/;

/** Turns what Compose says into steps, as it comes. Everything that is no step of its own is left out. */
export function followCompose(progress: Progress): (line: string) => void {
  let steps = 0;
  let last = "";
  return (line) => {
    const message = messageOf(line.slice(0, 4 * longestMessage));
    if (message === undefined || message === last || steps >= mostSteps) return;
    last = message;
    steps += 1;
    progress.step("starting", message.slice(0, longestMessage));
  };
}

function messageOf(line: string): string | undefined {
  const [, verb, thing, end] = older.exec(line) ?? [];
  if (verb !== undefined) return `${verb.toLowerCase()} ${thing}${end === undefined ? "" : `: ${end}`}`;
  const [, kind, name, state] = newer.exec(line) ?? [];
  return kind === undefined ? undefined : `${kind.toLowerCase()} ${name}: ${state?.toLowerCase()}`;
}
