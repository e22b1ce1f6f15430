import type { ReplacingAct } from "@dockersnap/contract/words";
import type { Context } from "../../context.ts";
import { answers, type ContainersBefore } from "../../instance/containers.ts";
import { withRoom } from "../../instance/limits.ts";
import { findInstance } from "../../instance/lookup.ts";
import { noteStep, restoreEngine } from "../../instance/steps.ts";
import type { Job, OperationKind, Step, Steps } from "../../operation/kind.ts";
import { requireRoom } from "../../storage/room.ts";
import { findPresent, keepStep, type Named, type Present, presentState } from "../present.ts";
import {
  forgetReplacement,
  postRevertStep,
  type ReplacementState,
  recordReplacement,
  replacement,
} from "../replacement.ts";
import type { RevertsChange } from "../reverts.ts";
import { parsePart } from "./part.ts";
import { type PartsPlan, type PartsQuestion, planParts } from "./plan.ts";

/** A data-root with ten thousand containers is read in less. */
const longestReadMs = 30_000;

/** What an operation that replaces parts of an instance knows before it begins. */
export interface PartsState extends ReplacementState, Pick<PartsPlan, "paths" | "isNewToEngine" | "stops" | "starts"> {}

interface Chosen extends Pick<PartsQuestion, "ran" | "absent"> {
  readonly target: string;
  /** Such as `volume:data`. */
  readonly parts: readonly string[];
  /** What is remembered, given which of the containers among the parts run now. */
  reverts(ran: readonly string[]): RevertsChange;
}

interface ReplacingParts<Input> {
  readonly name: string;
  readonly act: ReplacingAct;
  /** What takes the place of which parts. Refuses what cannot be. */
  choose(input: Input, present: Present): Chosen;
  result(job: Job<Input, PartsState>): unknown;
}

/**
 * An operation that puts parts of an instance back to what they are in a snapshot. Only containers that use them are
 * stopped; where a container or a volume comes or goes, dockerd is away meanwhile and every other container goes on. The
 * whole present is kept first; the head stays, for the instance has not gone back as a whole.
 */
export function replacingParts<Input extends Named>(
  context: Context,
  { name, act, choose, result }: ReplacingParts<Input>,
): OperationKind<Input, PartsState> {
  const { platform } = context;
  return {
    ...replacement(context, act, result),
    name,
    async prepare(input) {
      const present = await findPresent(context, act, input.name);
      const { target, parts, ran, absent, reverts } = choose(input, present);
      const wasRunning = (await platform.engines.state(input.name)) === "running";
      const plan = await planOf(context, {
        instance: input.name,
        label: target,
        parts,
        runs: wasRunning,
        ran,
        absent,
      });
      await requireRoom(context, `${act} '${input.name}'`);
      const { paths, isNewToEngine, stops, starts } = plan;
      const chosen = { target, paths, isNewToEngine, stops, starts, reverts: reverts(plan.ran) };
      return { wasRunning, ran: [], ...presentState(present), ...chosen };
    },
    steps: partsSteps(context, act),
  };
}

type Question = Omit<PartsQuestion, "parts" | "now" | "then"> & { readonly parts: readonly string[] };

/** The plan, with the files of each container that comes or goes among its paths. */
async function planOf({ platform }: Context, { parts, ...question }: Question): Promise<PartsPlan> {
  const { storage, dataRoots, containerFiles } = platform;
  const { instance, label } = question;
  const [here, there] = [storage.path(instance), storage.snapshotPath(instance, label)];
  const signal = AbortSignal.timeout(longestReadMs);
  const [now, then] = await Promise.all([dataRoots.read(here, signal), dataRoots.read(there, signal)]);
  const plan = planParts({ ...question, parts: parts.map(parsePart), now, then });
  const files = await Promise.all([
    ...plan.brought.flatMap((id) => [
      containerFiles.of(there, id),
      containerFiles.of(here, id),
      containerFiles.missingBelow(there, id, here),
    ]),
    ...plan.taken.map((id) => containerFiles.of(here, id)),
  ]);
  return { ...plan, paths: outermost([...plan.paths, ...files.flat()]) };
}

/** Each path once, and none within another. */
function outermost(paths: readonly string[]): readonly string[] {
  const all = [...new Set(paths)];
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
}

function partsSteps(context: Context, act: ReplacingAct): Steps<Named, PartsState> {
  const { platform } = context;
  const { storage, engines, records, containerFiles } = platform;
  const keep = keepStep<PartsState>(context);
  const postRevert = postRevertStep<PartsState>(context);
  const asBefore: Step<Named, PartsState>["undo"] = async ({ input, state }, tools) => {
    if (state.wasRunning) await restoreEngine(context, input.name, state, tools);
  };
  // What is put back is shared with the snapshot and charged to nobody, but the names of its files are written.
  const restore: typeof storage.restore = (name, ...rest) =>
    withRoom(platform, findInstance(records, name), () => storage.restore(name, ...rest));
  return [
    noteStep(context, (input) => input.name),
    {
      name: "stop",
      says: "stopping the affected containers",
      needed: ({ state }) => state.wasRunning && state.stops.length > 0,
      run: ({ input, state }, { signal }) => stopAll(context, input.name, state.stops, signal),
      undo: asBefore,
    },
    {
      name: "detach",
      says: "stopping dockerd",
      needed: ({ state }) => state.wasRunning && state.isNewToEngine,
      run: ({ input }) => engines.detach(input.name),
      undo: asBefore,
    },
    {
      ...keep,
      run: async (job, tools) => {
        // They are down for this operation's sake only, also in what is kept.
        const { name } = job.input;
        await withRoom(platform, findInstance(records, name), () =>
          containerFiles.forgetStop(storage.path(name), job.state.stops),
        );
        await keep.run(job, tools);
      },
    },
    {
      name: "swap",
      says: "replacing the parts",
      run: async ({ input, state }, { signal }) => {
        // Somebody may have started one again since.
        if (state.wasRunning && !state.isNewToEngine) await stopAll(context, input.name, state.stops, signal);
        await restore(input.name, state.target, state.paths, signal);
      },
      undo: ({ input, state }, { signal }) => restore(input.name, state.keptAs, state.paths, signal),
    },
    {
      name: "engine",
      says: "restarting the containers",
      needed: ({ state }) => state.wasRunning,
      run: ({ input, state }, tools) => restoreEngine(context, input.name, afterSwap(state), tools),
      undo: async ({ input, state }, { signal }) => {
        if (await answers(engines.api(input.name))) await stopAll(context, input.name, state.starts, signal);
        if (state.isNewToEngine) await engines.detach(input.name);
      },
    },
    { ...postRevert, needed: (job) => job.state.wasRunning && postRevert.needed(job) },
    {
      name: "commit",
      says: "saving the new state",
      recordsOnly: true,
      run: (job) =>
        records.transaction(() => {
          recordReplacement(context, act, job);
          records.instances.update(job.input.name, { problem: undefined });
        }),
      undo: (job) => records.transaction(() => forgetReplacement(records, job)),
    },
  ];
}

/** What was put back is as its snapshot has it, and of the others each is as it was. */
function afterSwap(state: PartsState): ContainersBefore {
  const isOther = (id: string) => !state.paths.includes(`containers/${id}`);
  return {
    ran: [...state.ran.filter((id) => isOther(id) && !state.stops.includes(id)), ...state.starts],
    paused: (state.paused ?? []).filter((id) => isOther(id) && !state.stops.includes(id)),
    resting: (state.resting ?? []).filter(({ id }) => isOther(id)),
  };
}

/** Those that run are stopped, side by side; others are left as they are. */
async function stopAll(
  { platform }: Context,
  instance: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const api = platform.engines.api(instance);
  const there = (await api.containers()).filter(({ id }) => ids.includes(id));
  const ends = await Promise.allSettled(there.map(({ id }) => api.stopContainer(id, signal)));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
