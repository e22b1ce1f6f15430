import type { History, Snapshot } from "@dockersnap/contract/words";
import { oneLine } from "../output/printable.ts";
import type { Colors } from "../output/terminal.ts";
import { age, timeLeft } from "../output/time.ts";
import { verdict } from "../output/verdict.ts";
import { layOut, type Point } from "./tree.ts";

/** One line: the drawing with the name in it, how old it is, what else there is to say. */
interface Line {
  readonly tree: string;
  readonly age: string;
  readonly about: string;
  readonly shade: (text: string) => string;
}

interface Drawn extends Point {
  line(lead: string): Line;
}

/** So many snapshots are shown of each instance that a clone came from. */
const shownOfOrigin = 3;

/** A history as a person reads it: what came from what, downwards, and where the instance stands now as the last line. */
export function historyText(history: History, colors: Colors): string {
  const { instance, head } = history;
  const clones = Map.groupBy(
    history.clones.filter(({ gone }) => !gone),
    ({ label }) => label,
  );
  const root: Drawn = {
    name: instance,
    parent: undefined,
    line: (lead) => ({
      tree: `${lead}○ ${instance}`,
      age: age(history.created_at),
      about: beginning(history),
      shade: colors.bold,
    }),
  };
  const snapshots = history.snapshots.map(
    (snapshot): Drawn => ({
      name: snapshot.label,
      parent: snapshot.parent,
      line: (lead) => ({
        tree: `${lead}● ${snapshot.label}`,
        age: age(snapshot.created_at),
        about: [...aboutSnapshot(snapshot), ...aboutClones(clones.get(snapshot.label) ?? [])].join("  "),
        shade: isAutomatic(snapshot) ? colors.dim : String,
      }),
    }),
  );
  const now: Drawn = {
    // No label can be empty.
    name: "",
    parent: head,
    line: (lead) => ({ tree: `${lead}◉ now`, age: "", about: "← you are here", shade: colors.bold }),
  };
  const rows = layOut(root, snapshots, now);
  return columns([...originLines(history, colors), ...rows.map(({ lead, point }) => point.line(lead))]);
}

function beginning({ origins: [origin] }: History): string {
  if (origin === undefined) return "created";
  return `cloned from ${origin.instance}@${origin.label}${origin.gone ? ", which is gone" : ""}`;
}

function aboutSnapshot({ protected: isProtected, expires_at, tags, verified }: Snapshot): string[] {
  const own = Object.entries(tags ?? {}).filter(([key]) => key !== automaticTag);
  return [
    ...(isProtected ? ["protected"] : []),
    ...(verified === undefined ? [] : [verdict(verified)]),
    ...own.map(([key, value]) => `${key}=${value}`),
    ...(expires_at === undefined ? [] : [`expires in ${timeLeft(expires_at)}`]),
  ];
}

function aboutClones(clones: readonly { readonly name: string }[]): string[] {
  return clones.length === 0 ? [] : [`cloned to ${clones.map(({ name }) => name).join(", ")}`];
}

const automaticTag = "dockersnap.auto";

function isAutomatic({ tags }: Snapshot): boolean {
  return tags?.[automaticTag] !== undefined;
}

/** What the instance came from, from the farthest on. */
function originLines({ origins }: History, colors: Colors): Line[] {
  return origins.toReversed().flatMap(({ instance, label, gone, chain }) => {
    const line = (tree: string, created = ""): Line => ({ tree, age: created, about: "", shade: colors.dim });
    if (gone) return [line(`○ ${instance}@${label} (gone)`)];
    const hidden = chain.length - shownOfOrigin;
    return [
      ...(hidden > 0 ? [line(`⋮ ${hidden} earlier`)] : []),
      ...chain.slice(-shownOfOrigin).map((link) => line(`● ${instance}@${link.label}`, age(link.created_at))),
    ];
  });
}

function columns(lines: readonly Line[]): string {
  const clean = lines.map(({ shade, ...cells }) => ({
    shade,
    tree: oneLine(cells.tree),
    age: oneLine(cells.age),
    about: oneLine(cells.about),
  }));
  const width = (of: "tree" | "age") => clean.reduce((widest, line) => Math.max(widest, [...line[of]].length), 0);
  const [tree, ages] = [width("tree"), width("age")];
  return clean
    .map(({ shade, ...line }) => {
      const text = `${line.tree.padEnd(tree)}  ${line.age.padStart(ages)}  ${line.about}`.trimEnd();
      return `${shade(text)}\n`;
    })
    .join("");
}
