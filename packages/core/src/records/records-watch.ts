import type { RecordsRoom } from "@dockersnap/contract/words";
import { Rounds } from "../base/rounds.ts";
import type { Platform } from "../platform.ts";

type Deps = Pick<Platform, "records" | "clock" | "log">;

/** Anybody can fill the disk the records are on, and no event tells. */
const intervalMs = 30_000;

/** Looks how full the disk with the records is, tells once each when that changes, and sees to the space kept in reserve. */
export class RecordsWatch {
  readonly #deps: Deps;
  #told: RecordsRoom["state"] = "ok";
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

  #round(): void {
    const { records, log } = this.#deps;
    try {
      this.#tell(records.room());
      records.keepReserve();
    } catch (error) {
      log.error("the disk with the records could not be measured", { error });
    }
  }

  #tell(room: RecordsRoom): void {
    if (room.state === this.#told) return;
    this.#told = room.state;
    const { log } = this.#deps;
    if (room.state === "ok") log.info("the disk with the records has free space again", { ...room });
    else log.error("the disk with the records is full: nothing new is begun until there is free space", { ...room });
  }
}
