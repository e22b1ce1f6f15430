import type { Progress } from "@dockersnap/plugin-sdk";
import { plainText } from "./plain-text.ts";

const longestMessage = 200;
const longestName = 40;

/** More than kind ever has; a program that goes on beyond it is not followed any more. */
const mostSteps = 100;

/** Turns the lines of `kind create cluster` into steps, as they come. Everything that is no step is left out. */
export function followKind(progress: Progress): (line: string) => void {
  let steps = 0;
  return (line) => {
    const [, mark, words = ""] = /^\s*([•✓✗]) (.*)$/su.exec(line.slice(0, 4 * longestMessage)) ?? [];
    if (mark === undefined || steps >= mostSteps) return;
    const said = plainText(words, longestMessage);
    const message = said.replace(/ *\.\.\.$/, "");
    steps += 1;
    if (mark === "✗") progress.step(stepName(message), `${message}: failed`);
    else if (mark === "•" && message !== said) progress.step(stepName(message), message);
    // Marked with a point and without its ellipsis, a line tells how the step before it ended.
    else progress.done(message);
  };
}

/** `Ensuring node image (kindest/node:v1.31.2)` is the step `ensuring-node-image`. */
function stepName(message: string): string {
  const [words = ""] = /^[a-z]+(?:[ -][a-z]+)*/i.exec(message) ?? [];
  const name = words.toLowerCase().replaceAll(" ", "-").slice(0, longestName);
  // These two end a stream, and it is not kind that ends ours.
  return name === "" || name === "complete" || name === "error" ? "creating" : name;
}
