import type { StepMoment } from "@dockersnap/core";
import type { Fault } from "./fault.ts";
import type { Sight } from "./sight.ts";

/** A request of the API. */
export interface Call {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

/** One kind of operation in one of its forms, as it is drilled again and again on each of several instances. */
export interface Exercise {
  /** The operation in words: "a revert". */
  readonly title: string;
  /** The instances it is drilled on, one case each at a time. */
  readonly names: readonly string[];
  /** Bring an instance, however the case before left it, to where the operation begins. */
  ready(name: string): Promise<void>;
  call(name: string): Call;
  /** In place of the call where the daemon begins it by itself: have it do so, and resolve with the operation's id. */
  provoke?(name: string): Promise<string>;
  /** How it looks when the operation is done, from how it looked before. */
  done(before: Sight, name: string): Sight;
  /** Containers go through it without being started again, whatever its end. */
  readonly keepsContainers?: boolean;
}

/** One disturbance of one operation. */
export interface Case {
  readonly title: string;
  readonly by: "kill" | "failure";
  readonly faults: readonly Fault[];
}

const momentsOfStep = ["begin", "acted", "journalled"] as const;
const momentsOfUndo = ["undo-begin", "undo-acted"] as const;

const inWords: Record<StepMoment, (step: string) => string> = {
  begin: (step) => `before '${step}'`,
  acted: (step) => `after '${step}', which is not journalled yet`,
  journalled: (step) => `after '${step}'`,
  "undo-begin": (step) => `before '${step}' is taken back`,
  "undo-acted": (step) => `after '${step}' is taken back, which is not journalled yet`,
};

/** Every moment at which the daemon can be killed while the operation runs forward. */
export function kills(steps: readonly string[]): readonly Case[] {
  return steps.flatMap((step) =>
    momentsOfStep.map(
      (moment): Case => ({
        title: `killed ${inWords[moment](step)}`,
        by: "kill",
        faults: [{ step, moment, act: "hold" }],
      }),
    ),
  );
}

/** Every step failing, before it did anything and after it did all. */
export function failures(steps: readonly string[]): readonly Case[] {
  return steps.flatMap((step) =>
    (["begin", "acted"] as const).map(
      (moment): Case => ({
        title: `failing ${inWords[moment](step)}`,
        by: "failure",
        faults: [{ step, moment, act: "fail" }],
      }),
    ),
  );
}

/** The last step failed and the operation is being taken back: every moment at which the daemon can be killed then. */
export function killsOfUndo(steps: readonly string[], undone: readonly string[]): readonly Case[] {
  return undone.flatMap((step) =>
    momentsOfUndo.map(
      (moment): Case => ({
        title: `taken back and killed ${inWords[moment](step)}`,
        by: "kill",
        faults: [failing(steps), { step, moment, act: "hold" }],
      }),
    ),
  );
}

/** As before, and what takes a step back fails once too. */
export function failuresOfUndo(steps: readonly string[], undone: readonly string[]): readonly Case[] {
  return undone.map((step) => ({
    title: `taken back and failing once ${inWords["undo-acted"](step)}`,
    by: "failure",
    faults: [failing(steps), { step, moment: "undo-acted", act: "fail" }],
  }));
}

/** Lets a rehearsal see which steps can be taken back. */
export function failing(steps: readonly string[]): Fault {
  return { step: steps.at(-1) ?? "", moment: "acted", act: "fail" };
}
