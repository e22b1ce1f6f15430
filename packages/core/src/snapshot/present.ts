import { autoLabelPrefix, type ReplacingAct } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { readyInstance } from "../instance/lookup.ts";
import type { Job, Step } from "../operation/kind.ts";
import type { InstanceRecord } from "../records/records.ts";
import { holdingContainers } from "./hold-still.ts";
import { freeLabel } from "./take.ts";

export interface Named {
  readonly name: string;
}

/** What has to be known of a present that is kept before something takes its place. */
export interface PresentState {
  readonly previousHead: string | undefined;
  /** Where the present is kept. */
  readonly keptAs: string;
  readonly startedAt: string;
}

/** The present that is about to be replaced. */
export interface Present {
  readonly record: InstanceRecord;
  /** The label it will be kept under. */
  readonly keptAs: string;
  readonly at: string;
}

/** It is kept under a label that nothing has yet. */
export async function findPresent(context: Context, act: ReplacingAct, name: string): Promise<Present> {
  const { records, clock } = context.platform;
  const record = readyInstance(records, name);
  const at = clock.now().toISOString();
  const keptAs = await freeLabel(context, name, `${autoLabelPrefix(act)}${at.replaceAll(":", "-")}`);
  return { record, keptAs, at };
}

export function presentState({ record, keptAs, at }: Present): PresentState {
  return { previousHead: record.head, keptAs, startedAt: at };
}

/** Its label is free again only once the step `swap` is taken back: until then it is the only copy of what was there. */
export function keepStep<State extends PresentState>({ platform }: Context): Step<Named, State> {
  const { storage, engines } = platform;
  return {
    name: "keep",
    says: "saving the current state as a snapshot",
    run: ({ input, state }) =>
      storage.snapshot(
        input.name,
        state.keptAs,
        holdingContainers(platform, input.name, () => undefined),
      ),
    undo: async ({ input, state }, { status }) => {
      // A daemon that died while it held them has let go of nothing.
      await engines.thaw(input.name);
      const swap = status("swap");
      if (swap === undefined || swap === "undone") await storage.removeSnapshot(input.name, state.keptAs);
    },
  };
}

export function recordPresent(
  { platform: { records, settings } }: Context,
  act: ReplacingAct,
  { input, state }: Job<Named, PresentState>,
): void {
  if (records.snapshots.get(input.name, state.keptAs) !== undefined) return;
  records.snapshots.insert({
    instance: input.name,
    label: state.keptAs,
    createdAt: state.startedAt,
    mode: "live",
    tags: { "dockersnap.auto": act },
    parent: state.previousHead,
    protected: false,
    expiresAt: new Date(Date.parse(state.startedAt) + settings.autoKeepMs).toISOString(),
    freezeMs: undefined,
    atomicMs: undefined,
    notCaptured: [],
    verified: undefined,
  });
}

/** Write down what could not be taken back, and where what was there before is kept. */
export function recordFailure(
  context: Context,
  act: ReplacingAct,
  job: Job<Named, PresentState>,
  problem: string,
  left: readonly string[],
): void {
  const { name } = job.input;
  const isKept = left.includes("swap") || left.includes("keep");
  if (isKept) recordPresent(context, act, job);
  const where = isKept ? ` What was there before is kept as '${name}@${job.state.keptAs}'.` : "";
  context.platform.records.instances.update(name, { problem: `${problem}${where}` });
}
