import { heldBack, type TimeRecord } from "@dockersnap/core";
import type { Finding } from "./checks.ts";

const hourMs = 3_600_000;

/** Whether the clock moved ahead of the time that passed, so that retention waits. */
export function checkClock(record: TimeRecord | undefined): Finding {
  const subject = "clock";
  const jumps = record?.jumps ?? [];
  const ahead = heldBack(jumps);
  if (ahead < hourMs / 60) return { subject, seen: "goes as time passes" };
  const seen = `${span(ahead)} ahead of the time that passed; nothing is removed on that account yet`;
  const left = `It counts as right in ${span(Math.max(...jumps.map(({ leftMs }) => leftMs)))} of running`;
  if (jumps.some(({ kind }) => kind === "set")) {
    return { subject, seen, advice: `${left}: snapshots then expire by it. If it is wrong, set it right before.` };
  }
  return {
    subject,
    seen,
    hint: `${left}. This is what a machine looks like that was off; check the date if it was not.`,
  };
}

function span(ms: number): string {
  if (ms < hourMs) return `${Math.ceil(ms / 60_000)} minutes`;
  if (ms < 48 * hourMs) return `${Math.round(ms / hourMs)} hours`;
  return `${Math.round(ms / (24 * hourMs))} days`;
}
