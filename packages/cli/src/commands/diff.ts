import type { Diff } from "@dockersnap/contract/words";
import { momentsArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { diffText } from "../diff/view.ts";
import { UsageError } from "../failure.ts";
import { text } from "../options.ts";

export const diff = defineCommand({
  summary: "Show what changed in an instance between two snapshots",
  description:
    "Each side is the label of a snapshot, 'now' for the current state, or <instance>@<label>; the first is what was before. Without any, compares the head with the current state.",
  args: { moments: momentsArgument },
  options: {
    limit: text("count", "Show at most this many changed files for each container and volume (100)"),
  },
  examples: [
    "dockersnap diff web",
    "dockersnap diff web@before-upgrade",
    "dockersnap diff web before-upgrade after-upgrade --limit 1000",
    "dockersnap diff web -o json",
  ],
  async run({ args: { moments }, options, client, out }) {
    const { instance, ...points } = moments;
    const found = await client.instances.diff(instance, { ...points, limit: countOf(options.limit) });
    await out.result(found, { text: () => diffText(found, out.colors), names: () => names(found) });
    for (const outside of found.not_captured ?? []) out.warn(`Not compared, for no snapshot holds it: ${outside}`);
    for (const problem of found.problems) out.warn(problem);
    if (hasMoreFiles(found)) out.note("Not every changed file is shown. See more of each with: --limit 10000");
  },
});

function countOf(words: string | undefined): number | undefined {
  if (words === undefined) return undefined;
  if (/^\d{1,5}$/.test(words) && Number(words) <= 10_000) return Number(words);
  throw new UsageError(`--limit: '${words}' is not a number of files from 0 to 10000.`);
}

function names({ containers, images, volumes, networks }: Diff): string[] {
  return [
    ...containers.map(({ name }) => `container/${name}`),
    ...images.map(({ digest }) => `image/${digest}`),
    ...volumes.map(({ name }) => `volume/${name}`),
    ...networks.map(({ name }) => `network/${name}`),
  ];
}

function hasMoreFiles({ containers, volumes }: Diff): boolean {
  return [...containers, ...volumes].some(
    ({ files }) => files !== undefined && files.changes.length < files.added + files.removed + files.changed,
  );
}
