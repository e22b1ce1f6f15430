import { DockersnapError, nearest, type ScheduleRequest, scheduleTag } from "@dockersnap/contract/words";
import type { Context } from "../context.ts";
import { findInstance, readyInstance } from "../instance/lookup.ts";
import type { OperationKind } from "../operation/kind.ts";
import type { Records, ScheduleRecord } from "../records/records.ts";
import { parseCron } from "./cron.ts";
import { describeSchedule } from "./view.ts";

/** Each costs a look at the clock now and then; nobody needs more. */
const mostPerInstance = 32;

export type AddScheduleInput = ScheduleRequest & { readonly name: string };

interface AddScheduleState {
  readonly id: string;
  readonly createdAt: string;
}

export function addSchedule({ platform }: Context): OperationKind<AddScheduleInput, AddScheduleState> {
  const { records, clock, events } = platform;
  return {
    name: "add-schedule",
    cancellable: false,
    recovery: { finishAfter: "record" },
    instance: (input) => input.name,
    // A schedule that runs every second must not keep others from being added, nor itself from being removed.
    holds: () => [],
    prepare(input) {
      readyInstance(records, input.name);
      const now = clock.now();
      parseCron(input.cron, now);
      const present = records.schedules.of(input.name);
      if (input.of !== undefined) requireTaking(findSchedule(records, input.name, input.of));
      refuseTooMany(input, present);
      return { id: input.id ?? freeId(input, present), createdAt: now.toISOString() };
    },
    steps: [
      {
        name: "record",
        says: "saving the new state",
        recordsOnly: true,
        run: ({ input, state }) => records.schedules.save(scheduleRecord(input, state)),
        undo: ({ input, state }) => records.schedules.remove(input.name, state.id),
      },
    ],
    result({ input, state }) {
      events.publish({ type: "instance.changed", instance: input.name });
      return describeSchedule(findSchedule(records, input.name, state.id), clock.now());
    },
  };
}

export interface RemoveScheduleInput {
  readonly name: string;
  readonly id: string;
}

/** End a schedule. Its snapshots stay, and are like any other from then on: no later schedule of its name removes them. */
export function removeSchedule({ platform }: Context): OperationKind<RemoveScheduleInput, object> {
  const { records, events } = platform;
  return {
    name: "remove-schedule",
    cancellable: false,
    recovery: "finish",
    pointOfNoReturn: "record",
    instance: (input) => input.name,
    holds: () => [],
    prepare(input) {
      findInstance(records, input.name);
      findSchedule(records, input.name, input.id);
      return {};
    },
    steps: [
      {
        name: "record",
        says: "saving the new state",
        recordsOnly: true,
        run: ({ input: { name, id } }) =>
          records.transaction(() => {
            records.schedules.remove(name, id);
            for (const { label, tags } of records.snapshots.of(name)) {
              const { [scheduleTag]: made, ...others } = tags;
              if (made === id) records.snapshots.update(name, label, { tags: others });
            }
          }),
      },
    ],
    result({ input }) {
      events.publish({ type: "instance.changed", instance: input.name });
      return undefined;
    },
  };
}

/** `not_found` with the nearest one of this instance. */
function findSchedule(records: Records, instance: string, id: string): ScheduleRecord {
  const all = records.schedules.of(instance);
  const record = all.find((schedule) => schedule.id === id);
  if (record !== undefined) return record;
  const near = nearest(
    id,
    all.map((schedule) => schedule.id),
  );
  const hint =
    near === undefined ? ` 'dockersnap schedule list ${instance}' shows those there are.` : ` Did you mean '${near}'?`;
  throw new DockersnapError(
    "not_found",
    `No schedule '${id}' of instance '${instance}'.${hint}`,
    near === undefined ? {} : { details: { nearest: near } },
  );
}

function refuseTooMany({ name, id }: AddScheduleInput, present: readonly ScheduleRecord[]): void {
  if (present.some((schedule) => schedule.id === id)) {
    throw new DockersnapError(
      "already_exists",
      `Instance '${name}' has a schedule '${id}' already. Choose another name, or remove it with 'dockersnap schedule remove ${name} ${id}'.`,
    );
  }
  if (present.length < mostPerInstance) return;
  throw new DockersnapError(
    "wrong_state",
    `Instance '${name}' has ${present.length} schedules already, which is as many as it can have. Remove one with 'dockersnap schedule remove ${name} <id>'.`,
  );
}

function requireTaking({ instance, id, action }: ScheduleRecord): void {
  if (action === "snapshot") return;
  throw new DockersnapError(
    "invalid_request",
    `Schedule '${id}' of instance '${instance}' takes no snapshots that could be tried out. Name one that does, or none.`,
  );
}

/** `@daily` is called daily, others schedule; with a number where that is taken. */
function freeId({ cron, action }: AddScheduleInput, present: readonly ScheduleRecord[]): string {
  const [, nickname] = /^@([a-z]+)$/i.exec(cron) ?? [];
  const word = nickname?.toLowerCase();
  const base = action === "verify" ? ["verify", ...(word === undefined ? [] : [word])].join("-") : (word ?? "schedule");
  const taken = new Set(present.map(({ id }) => id));
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}-${number}`;
  return id;
}

function scheduleRecord(input: AddScheduleInput, { id, createdAt }: AddScheduleState): ScheduleRecord {
  const action = input.action ?? "snapshot";
  return {
    instance: input.name,
    id,
    action,
    cron: input.cron,
    label: action === "snapshot" ? (input.label ?? `${id}-{time}`) : "",
    mode: input.mode ?? "live",
    tags: input.tags ?? {},
    keep: input.keep,
    of: input.of,
    timeoutMs: input.timeout_ms,
    createdAt,
    lastRunAt: undefined,
    lastError: undefined,
  };
}
