import type { Context } from "../context.ts";
import { withRoom } from "../instance/limits.ts";
import type { Operations } from "../operation/operations.ts";
import type { InstanceRecord } from "../records/records.ts";

/** Who asked, for operations nobody asked for. */
const byDaemon = { requestedBy: "daemon" };

/** At most this many engines come up side by side after a reboot: each one's start keeps a core busy. */
const startsAtOnce = 2;

/** What the start of a daemon found and did, for its log. */
export interface Reconciled {
  readonly adopted: readonly string[];
  /** Engines that have to be started; `started` resolves when each was tried. */
  readonly starting: readonly string[];
  readonly started: Promise<void>;
}

/**
 * Bring reality to what the records say, at the start of a daemon: end what the last one left unfinished, take up the
 * engines that run, start those that should and do not, and clear what was left half made or half removed.
 */
export async function reconcile(context: Context, operations: Operations): Promise<Reconciled> {
  const { records, log } = context.platform;
  await operations.recover();

  for (const record of records.instances.all()) {
    if (record.phase === "ready") continue;
    log.info("clearing an instance that was left half made or half removed", {
      instance: record.name,
      phase: record.phase,
    });
    try {
      const { done } = await operations.begin("delete", { name: record.name }, byDaemon);
      await done;
    } catch (error) {
      log.error("an instance that was left half made or half removed cannot be cleared now", {
        instance: record.name,
        error,
      });
    }
  }

  const adopted: string[] = [];
  const starting: string[] = [];
  const ready = records.instances.all().filter((record) => record.phase === "ready");
  await Promise.all(
    ready.map(async (record) => {
      if (await adopt(context, record)) adopted.push(record.name);
      // One that waited and does not run is replaced by a new one.
      else if (record.desired === "running" && record.purpose !== "standby") starting.push(record.name);
    }),
  );
  return { adopted, starting, started: startAll(context, operations, starting) };
}

/** Take up a running engine. One that nobody wants running is ended: a stop was asked for and not carried out. */
async function adopt(context: Context, record: InstanceRecord): Promise<boolean> {
  const { platform, specs, ports } = context;
  try {
    if (record.desired === "stopped") {
      if ((await platform.engines.state(record.name)) !== "stopped") await platform.engines.kill(record.name);
      return false;
    }
    await platform.network.create(specs.network(record));
    const isUp = await withRoom(platform, record, () => platform.engines.adopt(specs.engine(record)));
    if (!isUp) return false;
    if (record.purpose === "standby") await holdStill(platform, record);
    else await ports.refresh(record.name);
    return true;
  } catch (error) {
    platform.log.error("a running engine could not be taken up; it is started anew", { instance: record.name, error });
    return false;
  }
}

async function holdStill({ records, engines }: Context["platform"], { name, cloneOf }: InstanceRecord) {
  const standby = cloneOf === undefined ? undefined : records.standbys.get(cloneOf.instance, cloneOf.label);
  if (standby?.frozen === true) await engines.suspend(name);
}

/** Start what should run and does not, as after a time in which the pool could not be written. */
export async function startWanted(context: Context, operations: Operations): Promise<void> {
  const { records, engines } = context.platform;
  const wanted = records.instances
    .all()
    .filter(({ phase, desired, purpose }) => phase === "ready" && desired === "running" && purpose !== "standby");
  const states = await Promise.all(wanted.map(({ name }) => engines.state(name)));
  const down = wanted.filter((_, index) => states[index] !== "running").map(({ name }) => name);
  await startAll(context, operations, down);
}

async function startAll(context: Context, operations: Operations, names: readonly string[]): Promise<void> {
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      try {
        const { done } = await operations.begin("start", { name }, byDaemon);
        await done;
      } catch (error) {
        context.platform.log.error("an instance that should run could not be started", { instance: name, error });
      }
    }
  };
  await Promise.all(Array.from({ length: startsAtOnce }, worker));
}
