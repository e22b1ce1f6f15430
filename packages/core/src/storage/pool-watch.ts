import { DockersnapError, type PoolRoom } from "@dockersnap/contract/words";
import { Rounds } from "../base/rounds.ts";
import type { Platform } from "../platform.ts";
import { type Capacity, growsPool, setsAside } from "./driver.ts";
import { poolRoom } from "./pool-room.ts";
import { requireWritable } from "./room.ts";

type Deps = Pick<Platform, "storage" | "clock" | "log" | "events" | "settings"> & {
  /** Called when a pool that was read-only, or not mounted, can be written again. */
  readonly writable?: () => void;
};

/** Workloads fill the pool without asking, and no event tells. */
const intervalMs = 30_000;

/** A pool that hangs about a border is told of once: it has to come this share of itself below before it counts as better. */
const marginShare = 0.02;

const order: readonly PoolRoom["state"][] = ["ok", "nearly_full", "full", "read_only", "unmounted"];

/** Looks how full the pool is and tells, once each, when that becomes better or worse. */
export class PoolWatch {
  readonly #deps: Deps;
  #told: PoolRoom["state"] = "ok";
  readonly #rounds: Rounds;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#rounds = new Rounds(deps.clock, intervalMs, () => this.#round());
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): void {
    this.#rounds.stop();
  }

  /** How full it is now. */
  async look(): Promise<PoolRoom> {
    const { storage, settings } = this.#deps;
    const capacity = await storage.capacity();
    const room = poolRoom(capacity, settings.pool);
    const isWorse = order.indexOf(room.state) > order.indexOf(this.#told);
    const isBetter = order.indexOf(poolRoom(eased(capacity), settings.pool).state) < order.indexOf(this.#told);
    if (isWorse || isBetter) this.#tell(room);
    return room;
  }

  /** As `look`, with what could not be deleted yet. */
  async describe(): Promise<PoolRoom> {
    const { storage } = this.#deps;
    const room = await this.look();
    if (room.state === "unmounted") return room;
    const aside = setsAside(storage) ? await storage.setAside() : [];
    if (aside.length === 0) return room;
    const told = aside.map(({ what, path, since, reason }) => ({
      what,
      path,
      since: since.toISOString(),
      ...(reason === undefined ? {} : { reason }),
    }));
    return { ...room, set_aside: told };
  }

  /** Make the pool so large, where it is the daemon's own; resolves with how full it is then. */
  async grow(sizeBytes: number): Promise<PoolRoom> {
    const { storage, log, events, settings } = this.#deps;
    if (!growsPool(storage)) {
      throw new DockersnapError(
        "wrong_state",
        "This pool is not the daemon's own, so it is made larger with its own tools.",
      );
    }
    await requireWritable(this.#deps, "make it larger");
    await storage.grow(sizeBytes);
    const room = poolRoom(await storage.capacity(), settings.pool);
    log.info("the pool was made larger", { ...room });
    this.#told = room.state;
    events.publish({ type: "pool.changed", data: { ...room } });
    return room;
  }

  #tell(room: PoolRoom): void {
    const { log, events, writable } = this.#deps;
    const couldWrite = isWritable(this.#told);
    this.#told = room.state;
    if (room.state === "ok") log.info("the pool has free space and can be written", { ...room });
    else if (room.state === "read_only") log.error("the pool is read-only: nothing in it can be changed", { ...room });
    else if (room.state === "unmounted")
      log.error("the pool is not mounted: nothing in it can be reached until it is", { ...room });
    else if (room.state === "full")
      log.error("the pool is full: nothing new is begun until there is free space", { ...room });
    else log.warn("the pool is nearly full", { ...room });
    events.publish({ type: "pool.changed", data: { ...room } });
    if (!couldWrite && isWritable(room.state)) writable?.();
  }

  #deleteSetAside(): void {
    const { storage, log } = this.#deps;
    if (!setsAside(storage)) return;
    storage.deleteSetAside().catch((error: unknown) => log.error("what was put aside could not be deleted", { error }));
  }

  async #round(): Promise<void> {
    try {
      const { state } = await this.look();
      if (state !== "unmounted") this.#deleteSetAside();
    } catch (error) {
      this.#deps.log.error("the pool could not be measured", { error });
    }
  }
}

function isWritable(state: PoolRoom["state"]): boolean {
  return state !== "read_only" && state !== "unmounted";
}

/** With so much less free that a pool at a border still counts as the worse of the two. */
function eased(capacity: Capacity): Capacity {
  const less = <Space extends { readonly free: number }>(space: Space, total: number): Space => ({
    ...space,
    free: space.free - total * marginShare,
  });
  const { total, metadata, backing } = capacity;
  return {
    ...less(capacity, total),
    ...(metadata === undefined ? {} : { metadata: less(metadata, metadata.total) }),
    ...(backing === undefined ? {} : { backing: less(backing, total) }),
  };
}
