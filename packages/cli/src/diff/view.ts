import type {
  Change,
  ContainerDiff,
  Diff,
  DiffPoint,
  FileChange,
  FilesDiff,
  FolderSize,
  ImageDiff,
  NetworkDiff,
  SettingChange,
  VolumeDiff,
} from "@dockersnap/contract/words";
import { size } from "@dockersnap/contract/words";
import { oneLine } from "../output/printable.ts";
import type { Colors } from "../output/terminal.ts";
import { age } from "../output/time.ts";

/** A line of the drawing, and what belongs to it. */
interface Item {
  readonly change: Change;
  readonly text: string;
  readonly inside: readonly (Item | string)[];
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

/** Longer words are somebody's certificate or script, and say no more here. */
const longestWord = 80;

/** A diff as a person reads it: what came, went and changed, each with what it is about indented below. */
export function diffText(diff: Diff, colors: Colors): string {
  const sections: [string, Item[]][] = [
    ["Containers", diff.containers.map(containerItem)],
    ["Images", diff.images.map(imageItem)],
    ["Volumes", diff.volumes.map(volumeItem)],
    ["Networks", diff.networks.map(networkItem)],
  ];
  const shown = sections.filter(([, items]) => items.length > 0);
  const head = oneLine(`${moment(diff.from)} → ${moment(diff.to)}`);
  const body = shown.flatMap(([title, items]) => [
    colors.bold(title),
    ...items.flatMap((item) => lines(item, 1, colors)),
  ]);
  return `${[head, ...(body.length === 0 ? [nothing(diff)] : body)].join("\n")}\n`;
}

/** "Nothing differs" only where everything was compared. */
function nothing({ problems, truncated }: Diff): string {
  if (problems.length === 0 && !truncated) return "Nothing differs.";
  return [
    "Nothing differs in what was compared, but not everything was:",
    ...problems.map((one) => `  ${oneLine(one)}`),
  ].join("\n");
}

function moment({ instance, label, at }: DiffPoint): string {
  return label === undefined ? `${instance} now` : `${instance}@${label} (${age(at)} ago)`;
}

function lines({ change, text, inside }: Item, depth: number, colors: Colors): string[] {
  const paint = { added: colors.green, removed: colors.red, changed: colors.yellow }[change];
  const indent = "  ".repeat(depth);
  return [
    `${indent}${paint(`${signs[change]} ${oneLine(text)}`)}`,
    ...inside.flatMap((part) =>
      typeof part === "string" ? [`${indent}    ${oneLine(part)}`] : lines(part, depth + 2, colors),
    ),
  ];
}

function containerItem({ name, change, image, image_digest, recreated, settings, files }: ContainerDiff): Item {
  const about = change === "changed" ? (recreated ? "  made again" : "") : `  ${image} ${short(image_digest)}`;
  return { change, text: `${name}${about}`, inside: [...settings.map(settingText), ...filesInside(files, change)] };
}

function imageItem({ change, digest, tags, tags_added, tags_removed, bytes }: ImageDiff): Item {
  const name = tags.length === 0 ? "<untagged>" : tags.join(", ");
  return {
    change,
    text: `${name}  ${short(digest)}${bytes === undefined || change === "changed" ? "" : `  ${size(bytes)}`}`,
    inside: [...tags_added.map((tag) => `tag ${tag} added`), ...tags_removed.map((tag) => `tag ${tag} removed`)],
  };
}

function volumeItem({ name, change, settings, files }: VolumeDiff): Item {
  const [from, to] = [files?.from, files?.to].map((one) => (one === undefined ? undefined : folderText(one)));
  const sizes = from === undefined || to === undefined || from === to ? (to ?? from) : `${from} → ${to}`;
  return {
    change,
    text: sizes === undefined ? name : `${name}  ${sizes}`,
    inside: [...settings.map(settingText), ...(change === "changed" ? filesInside(files, change) : [])],
  };
}

function networkItem({ name, change, driver, recreated, settings }: NetworkDiff): Item {
  return {
    change,
    text: `${name}  ${change === "changed" && recreated ? "made again" : driver}`,
    inside: settings.map(settingText),
  };
}

function settingText({ setting, name, from, to }: SettingChange): string {
  const what = [setting.replaceAll("_", " "), ...(name === undefined ? [] : [cut(name)])].join(" ");
  const [before, after] = [from, to].map((value) => (value === undefined ? undefined : valueText(value)));
  if (before === undefined) return `${what}: added ${after}`;
  return after === undefined ? `${what}: removed ${before}` : `${what}: ${before} → ${after}`;
}

function valueText(value: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(value)) return short(value);
  return value === "" ? '""' : cut(value);
}

function filesInside(files: FilesDiff | undefined, change: Change): (Item | string)[] {
  if (files === undefined) return [];
  if (change !== "changed") {
    const folder = files.to ?? files.from;
    return folder === undefined || folder.files === 0 ? [] : [`files of its own: ${folderText(folder)}`];
  }
  const all = files.added + files.removed + files.changed;
  if (all === 0) return [];
  const hidden = all - files.changes.length;
  const counts = (["added", "removed", "changed"] as const)
    .filter((kind) => files[kind] > 0)
    .map((kind) => `${files[kind]} ${kind}`);
  return [
    `files: ${counts.join(", ")}${files.incomplete ? ", and those not looked at" : ""}`,
    ...files.changes.map(fileItem),
    ...(hidden === 0 ? [] : [`  … and ${hidden} more`]),
  ];
}

function fileItem({ path, change, kind, bytes, bytes_before }: FileChange): Item {
  const slash = kind === "directory" ? "/" : "";
  const special = kind === "file" || kind === "directory" ? "" : `  ${kind}`;
  const [before, after] = [bytes_before, bytes].map((one) => (one === undefined ? undefined : size(one)));
  const sizes = before === undefined || before === after ? (after ?? "") : `${before} → ${after}`;
  return { change, text: `${path}${slash}${special}${sizes === "" ? "" : `  ${sizes}`}`, inside: [] };
}

function folderText({ files, bytes }: FolderSize): string {
  return `${files} ${files === 1 ? "file" : "files"}, ${size(bytes)}`;
}

/** As `docker images` shows it. */
function short(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}

function cut(text: string): string {
  return text.length <= longestWord ? text : `${text.slice(0, longestWord)}…`;
}
