import { DockersnapError, type ErrorCode, type ReplacingAct } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { freshNetworkStep, noteStep, portsStep, restoreEngine, startEngineStep } from "../instance/steps.ts";
import type { Job, OperationKind, Step, Steps } from "../operation/kind.ts";
import { requireRoom } from "../storage/room.ts";
import { findPresent, keepStep, type Named, type Present, presentState } from "./present.ts";
import {
  forgetReplacement,
  postRevertStep,
  type ReplacementState,
  recordReplacement,
  replacement,
} from "./replacement.ts";

/** What an operation that replaces the present of an instance knows before it begins. */
export interface ReplaceState extends ReplacementState {
  readonly wasDesired: "running" | "stopped";
  readonly newHead: string | undefined;
}

/** With these a revert of a dataset changes nothing, and to put it back would be refused likewise. */
const refusals: ReadonlySet<ErrorCode> = new Set(["no_space", "read_only", "unmounted"]);

interface Replacing<Input> {
  readonly act: ReplacingAct;
  /** What takes the place of the present, and what is remembered of that. Refuses what cannot be. */
  choose(input: Input, present: Present): Pick<ReplaceState, "target" | "newHead" | "reverts">;
  result(job: Job<Input, ReplaceState>): unknown;
}

/**
 * An operation that puts a snapshot in the place of what an instance is, and has it running. The present is kept under a
 * label of its own first, and every other snapshot stays; so a failure at any point can go back to exactly what was there.
 */
export function replacing<Input extends Named>(
  context: Context,
  { act, choose, result }: Replacing<Input>,
): OperationKind<Input, ReplaceState> {
  const { platform } = context;
  return {
    ...replacement(context, act, result),
    name: act,
    async prepare(input) {
      const present = await findPresent(context, act, input.name);
      const chosen = choose(input, present);
      await requireRoom(context, `${act} '${input.name}'`);
      const wasRunning = (await platform.engines.state(input.name)) === "running";
      return { wasRunning, ran: [], wasDesired: present.record.desired, ...presentState(present), ...chosen };
    },
    steps: replaceSteps(context, act),
  };
}

function replaceSteps(context: Context, act: ReplacingAct): Steps<Named, ReplaceState> {
  const { storage } = context.platform;
  const name = (input: Named) => input.name;
  return [
    noteStep(context, name),
    haltStep(context),
    keepStep(context),
    [
      {
        name: "swap",
        says: "switching to the snapshot",
        run: ({ input, state }) => storage.revert(input.name, state.target),
        changedNothing: (failure) => failure instanceof DockersnapError && refusals.has(failure.code),
        undo: ({ input, state }) => storage.revert(input.name, state.keptAs),
      },
      freshNetworkStep(context, name),
    ],
    startEngineStep(context, name),
    portsStep(context, name),
    postRevertStep(context),
    commitStep(context, act),
  ];
}

function haltStep(context: Context): Step<Named, ReplaceState> {
  const { platform, ports } = context;
  return {
    // What is thrown away needs no graceful end. Its ports are taken away with it and come back once something answers:
    // a packet that comes while a container is on its way up has the kernel ask for that container's address too early,
    // and wait a second before it asks again.
    name: "halt",
    says: "stopping everything",
    run: async ({ input }) => {
      const ends = await Promise.allSettled([platform.engines.kill(input.name), ports.clear(input.name)]);
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    },
    undo: async ({ input, state }, tools) => {
      if (state.wasRunning) await restoreEngine(context, input.name, state, tools);
    },
  };
}

function commitStep(context: Context, act: ReplacingAct): Step<Named, ReplaceState> {
  const { platform, workloads } = context;
  const { records } = platform;
  return {
    name: "commit",
    says: "saving the new state",
    recordsOnly: true,
    run: (job) => {
      const { input, state } = job;
      records.transaction(() => {
        recordReplacement(context, act, job);
        records.instances.update(input.name, { head: state.newHead, desired: "running", problem: undefined });
      });
      // Failures of what was thrown away do not count against what is there now.
      workloads.forget(input.name);
    },
    undo: (job) =>
      records.transaction(() => {
        const { input, state } = job;
        forgetReplacement(records, job);
        records.instances.update(input.name, { head: state.previousHead, desired: state.wasDesired });
      }),
  };
}
