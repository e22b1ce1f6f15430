import { autoRevertLabelPrefix, type RevertRequest } from "@dockersnap/contract/words";
import { type Lifecycle, requireRoom } from "../instance/lifecycle.ts";
import { findInstance, findSnapshot, readyInstance } from "../instance/lookup.ts";
import {
  type EngineBefore,
  freshNetworkStep,
  noteStep,
  portsStep,
  restoreEngine,
  startEngineStep,
} from "../instance/steps.ts";
import type { Job, OperationKind } from "../operation/kind.ts";
import { requireFreeLabel } from "./take.ts";

export type RevertInput = Omit<RevertRequest, "force"> & { readonly name: string };

interface RevertState extends EngineBefore {
  readonly wasDesired: "running" | "stopped";
  readonly previousHead: string | undefined;
  /** Where the present is kept. */
  readonly keptAs: string;
  readonly startedAt: string;
}

type RevertJob = Job<RevertInput, RevertState>;

/**
 * Put an instance back to one of its snapshots and have it running. The present is kept under a label of its own first,
 * and every other snapshot stays; so a failure at any point can go back to exactly what was there.
 */
export function revertInstance(lifecycle: Lifecycle): OperationKind<RevertInput, RevertState> {
  const { platform, ports, workloads } = lifecycle;
  const { storage, engines, records, clock } = platform;
  const name = (input: RevertInput) => input.name;
  return {
    name: "revert",
    cancellable: true,
    recovery: { finishAfter: "swap" },
    instance: name,
    holds: (input) => [{ instance: input.name, mode: "exclusive" }],
    async prepare(input) {
      const record = readyInstance(records, input.name);
      findSnapshot(records, input.name, input.label);
      await requireRoom(lifecycle, `revert '${input.name}'`);
      const startedAt = clock.now().toISOString();
      const keptAs = `${autoRevertLabelPrefix}${startedAt.replaceAll(":", "-")}`;
      await requireFreeLabel(lifecycle, input.name, keptAs);
      const wasRunning = (await engines.state(input.name)) === "running";
      return { wasRunning, ran: [], wasDesired: record.desired, previousHead: record.head, keptAs, startedAt };
    },
    steps: [
      noteStep(lifecycle, name),
      {
        // What is thrown away needs no graceful end. Its ports are taken away with it and come back once something answers:
        // a packet that comes while a container is on its way up has the kernel ask for that container's address too early,
        // and wait a second before it asks again.
        name: "halt",
        says: "ending everything that runs in it",
        run: async ({ input }) => {
          const ends = await Promise.allSettled([engines.kill(input.name), ports.clear(input.name)]);
          for (const end of ends) if (end.status === "rejected") throw end.reason;
        },
        undo: async ({ input, state }, tools) => {
          if (state.wasRunning) await restoreEngine(lifecycle, input.name, state.ran, tools);
        },
      },
      {
        name: "keep",
        says: "keeping the present",
        run: ({ input, state }) => storage.snapshot(input.name, state.keptAs),
        undo: async ({ input, state }, { status }) => {
          // As long as the swap is not taken back, this is the only copy of what was there.
          const swap = status("swap");
          if (swap === undefined || swap === "undone") await storage.removeSnapshot(input.name, state.keptAs);
        },
      },
      [
        {
          name: "swap",
          says: "putting the snapshot in its place",
          run: ({ input }) => storage.revert(input.name, input.label),
          undo: ({ input, state }) => storage.revert(input.name, state.keptAs),
        },
        freshNetworkStep(lifecycle, name),
      ],
      startEngineStep(lifecycle, name),
      portsStep(lifecycle, name),
      {
        name: "post_revert",
        says: "telling the plugin",
        needed: ({ input }) => workloads.hasHook(findInstance(records, input.name), "post_revert"),
        run: ({ input }, tools) => workloads.hook(findInstance(records, input.name), "post_revert", tools),
      },
      {
        name: "commit",
        says: "writing it down",
        run: (job) => {
          commit(lifecycle, job);
          // Failures of what was thrown away do not count against what is there now.
          workloads.forget(job.input.name);
        },
        undo: ({ input, state }) =>
          records.transaction(() => {
            records.snapshots.remove(input.name, state.keptAs);
            records.instances.update(input.name, { head: state.previousHead, desired: state.wasDesired });
          }),
      },
    ],
    result({ input }) {
      platform.events.publish({ type: "instance.changed", instance: input.name });
      return { status: "ok" };
    },
    failed(job, problem, left) {
      const { name: instance } = job.input;
      const isKept = left.includes("swap") || left.includes("keep");
      if (isKept) keepPresentRecord(lifecycle, job);
      const where = isKept ? ` What was there before is kept as '${instance}@${job.state.keptAs}'.` : "";
      records.instances.update(instance, { problem: `${problem}${where}` });
    },
  };
}

function commit(lifecycle: Lifecycle, job: RevertJob): void {
  const { records } = lifecycle.platform;
  records.transaction(() => {
    keepPresentRecord(lifecycle, job);
    records.instances.update(job.input.name, { head: job.input.label, desired: "running", problem: undefined });
  });
}

function keepPresentRecord({ platform: { records, settings } }: Lifecycle, { input, state }: RevertJob): void {
  if (records.snapshots.get(input.name, state.keptAs) !== undefined) return;
  records.snapshots.insert({
    instance: input.name,
    label: state.keptAs,
    createdAt: state.startedAt,
    mode: "live",
    tags: { "dockersnap.auto": "revert" },
    parent: state.previousHead,
    protected: false,
    expiresAt: new Date(Date.parse(state.startedAt) + settings.autoKeepMs).toISOString(),
    freezeMs: undefined,
    atomicMs: undefined,
    notCaptured: [],
  });
}
