import * as z from "zod";
import { instanceNamePattern, snapshotLabelPattern } from "../names.ts";
import { Timestamp } from "../time.ts";

const pointRule = "now, a snapshot's label, or <instance>@<label>";

const inner = (pattern: RegExp) => pattern.source.slice(1, -1);
const pointPattern = new RegExp(`^(${inner(instanceNamePattern)}@)?${inner(snapshotLabelPattern)}$`);

/** A moment of an instance: `now`, a label of it, or `<instance>@<label>` for another's. */
export const DiffPointName = z
  .string({ error: `expected ${pointRule}` })
  .regex(pointPattern, { error: `expected ${pointRule}` });

/** So many changed files of one volume or container a caller may ask to see. */
export const mostFilesListed = 10_000;

/** A moment that was compared; without a label it is how the instance is now. */
export const DiffPoint = z.object({
  instance: z.string(),
  label: z.string().optional(),
  at: Timestamp,
});
export type DiffPoint = z.infer<typeof DiffPoint>;

export const Change = z.enum(["added", "removed", "changed"]);
export type Change = z.infer<typeof Change>;

/** One thing that something was told to be: an environment variable, a port, a mount. Without `from` it is new, without `to` gone. */
export const SettingChange = z.object({
  /** Such as `image`, `env`, `port`, `mount`, `command`, `network`, `label`, `state`, or a name of Docker's API. */
  setting: z.string(),
  /** Which of several, such as the variable's name. */
  name: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
});
export type SettingChange = z.infer<typeof SettingChange>;

export const FileChange = z.object({
  /** As the container or the volume has it. Bytes that are no text are replaced. */
  path: z.string(),
  change: Change,
  kind: z.enum(["file", "directory", "symlink", "fifo", "socket", "device"]),
  /** Of a regular file, after it changed or before it went. */
  bytes: z.number().optional(),
  bytes_before: z.number().optional(),
});
export type FileChange = z.infer<typeof FileChange>;

/** What is in a folder itself; what the files of an image below it hold is not counted. */
export const FolderSize = z.object({ files: z.number(), bytes: z.number() });
export type FolderSize = z.infer<typeof FolderSize>;

/** The files of a volume, or those a container wrote over its image. */
export const FilesDiff = z.object({
  from: FolderSize.optional(),
  to: FolderSize.optional(),
  added: z.number(),
  removed: z.number(),
  changed: z.number(),
  /** The first of them; directories are listed like files. None for what came or went as a whole. */
  changes: z.array(FileChange),
  /** A bound on time or size was reached before the end: all numbers are of what was seen. */
  incomplete: z.boolean(),
});
export type FilesDiff = z.infer<typeof FilesDiff>;

export const ContainerDiff = z.object({
  name: z.string(),
  change: Change,
  id: z.string(),
  /** As it was asked for. */
  image: z.string(),
  image_digest: z.string(),
  /** The name is the same and the container is another one: it was removed and made again. */
  recreated: z.boolean().optional(),
  settings: z.array(SettingChange),
  files: FilesDiff.optional(),
});
export type ContainerDiff = z.infer<typeof ContainerDiff>;

/** Images are told by the digest of their configuration, which Docker calls the id. Changed are those whose tags did. */
export const ImageDiff = z.object({
  digest: z.string(),
  change: Change,
  /** As they are, or were when it is removed. */
  tags: z.array(z.string()),
  tags_added: z.array(z.string()),
  tags_removed: z.array(z.string()),
  bytes: z.number().optional(),
});
export type ImageDiff = z.infer<typeof ImageDiff>;

export const VolumeDiff = z.object({
  name: z.string(),
  change: Change,
  driver: z.string(),
  settings: z.array(SettingChange),
  files: FilesDiff.optional(),
});
export type VolumeDiff = z.infer<typeof VolumeDiff>;

export const NetworkDiff = z.object({
  name: z.string(),
  change: Change,
  id: z.string(),
  driver: z.string(),
  recreated: z.boolean().optional(),
  settings: z.array(SettingChange),
});
export type NetworkDiff = z.infer<typeof NetworkDiff>;

/** What differs between two moments, in Docker's words; whatever is the same is left out. Each list is by name. */
export const Diff = z.object({
  from: DiffPoint,
  to: DiffPoint,
  containers: z.array(ContainerDiff),
  images: z.array(ImageDiff),
  volumes: z.array(VolumeDiff),
  networks: z.array(NetworkDiff),
  /** What is outside of either moment, so that nobody can tell whether it differs; one sentence each. */
  not_captured: z.array(z.string()).optional(),
  /** Something is left out of the lists of files, or was not looked at to its end. */
  truncated: z.boolean(),
  /** Files and directories looked at, contents read where nothing else could tell, and how long it took. */
  looked_at: z.object({ entries: z.number(), read_bytes: z.number(), ms: z.number() }),
  /** What could not be read, as sentences. */
  problems: z.array(z.string()),
});
export type Diff = z.infer<typeof Diff>;
