import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../support/repository.ts";
import type { Machine } from "./machine.ts";
import { type Aim, isMet, type Measurement, measured } from "./measurement.ts";
import type { Part } from "./parts.ts";

const heads = ["", "unit", "ours", "p95", "floor", "p95", "measured", "aim", ""];

/** A table for each topic and what they were measured on, as Markdown that reads as text. */
export function pageOf(
  machine: Machine,
  measured: readonly { readonly part: Part; readonly found: readonly Measurement[] }[],
  begunAt: Date,
): string {
  const tables = Map.groupBy(measured, ({ part }) => part.topic);
  const { processors, processor, memoryGiB, kernel, system, docker, node, loadBefore } = machine;
  return [
    `Measured on ${begunAt.toISOString().slice(0, 10)} with ${processors} processors (${processor.trim()}), ${memoryGiB} GiB of memory, Linux ${kernel}, ${system}, Docker ${docker}, Node ${node.replace(/^v/, "")}, the embedded pool. The load before was ${loadBefore}.`,
    ...[...tables].map(([topic, of]) => `### ${topic}\n\n${table(of.flatMap(({ found }) => found))}`),
  ].join("\n\n");
}

function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map((measurement) => {
    const { name, unit, ours, floor, aim } = measurement;
    const met = isMet(measurement);
    return [
      name,
      unit,
      number(ours.median),
      number(ours.p95),
      floor === undefined ? "" : number(floor.median),
      floor === undefined ? "" : number(floor.p95),
      aim === undefined && floor === undefined ? "" : told(aim, measured(measurement)),
      aim === undefined ? "" : wanted(aim),
      met === undefined ? "" : met ? "met" : "NOT MET",
    ];
  });
  const widths = heads.map((head, column) => Math.max(2, head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(heads), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Write everything that was measured, single runs included; answers with the file. */
export function writeJson(machine: Machine, measurements: readonly Measurement[], begunAt: Date): string {
  const folder = join(repository, "bench-results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${begunAt.toISOString().replaceAll(":", "-").slice(0, 19)}.json`);
  const results = measurements.map((measurement) => ({ ...measurement, met: isMet(measurement) }));
  writeFileSync(file, `${JSON.stringify({ begun_at: begunAt.toISOString(), machine, results }, null, 2)}\n`);
  return file;
}

function told(aim: Aim | undefined, value: number): string {
  if (aim?.kind === "at most") return `${number(value)} at worst`;
  if (aim?.kind === "p95 at most") return `${number(value)} (p95)`;
  if (aim?.kind === "above the floor") return `${value < 0 ? "" : "+"}${number(value)}`;
  return `${value.toFixed(2)} x`;
}

function wanted(aim: Aim): string {
  switch (aim.kind) {
    case "times the floor":
      return `<= ${aim.atMost.toFixed(2)} x`;
    case "share of the floor":
      return `>= ${aim.atLeast.toFixed(2)} x`;
    case "above the floor":
      return `<= +${aim.atMost}`;
    case "at most":
    case "p95 at most":
      return `<= ${aim.atMost}`;
  }
}

function number(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}
