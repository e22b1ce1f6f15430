import { existsSync } from "node:fs";
import { createDirectSupervision } from "./direct.ts";
import type { Supervision } from "./supervision.ts";
import { createSystemdSupervision } from "./systemd.ts";

export type { Supervision } from "./supervision.ts";

/** Every kind, because an engine is ended by whoever began it, whatever is chosen for new ones now. */
export function createSupervisions(prefix: string): Readonly<Record<Supervision["kind"], Supervision>> {
  return { direct: createDirectSupervision(prefix), systemd: createSystemdSupervision(prefix) };
}

/** Whether systemd is this machine's init, as sd_booted(3) defines it. */
export function systemdRuns(): boolean {
  return existsSync("/run/systemd/system");
}
