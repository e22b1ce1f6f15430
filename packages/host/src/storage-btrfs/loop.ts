import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandError } from "../process/commandError.ts";
import { run } from "../process/run.ts";

/** Loop devices (as `/dev/loop3`) that this file is attached to now. */
export async function loopDevicesOf(image: string): Promise<readonly string[]> {
  const file = await realpath(image).catch(absent);
  return file === undefined ? [] : attachedTo(file);
}

/** Loop devices that still hold the file that was once here and has been deleted, whether or not there is another by now. */
export async function loopDevicesOfDeleted(image: string): Promise<readonly string[]> {
  const folder = await realpath(dirname(image)).catch(absent);
  return folder === undefined ? [] : attachedTo(`${join(folder, basename(image))} (deleted)`);
}

async function attachedTo(file: string): Promise<readonly string[]> {
  const names = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const attached = await Promise.all(
    names.map(async (name) => {
      // Missing while nothing is attached to the device.
      const backing = await readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(absent);
      return backing?.trimEnd() === file ? `/dev/${name}` : undefined;
    }),
  );
  return attached.filter((device) => device !== undefined);
}

/** Attach a file to a free loop device, with direct I/O where the file system below it can. */
export async function attachLoop(image: string): Promise<string> {
  // Without direct I/O every page is cached twice and the image's own writeback adds to each commit of the pool.
  const direct = await losetup(["--direct-io=on", "--find", "--show", image]).catch((error: unknown) => {
    if (error instanceof CommandError && error.reason === "exit") return undefined;
    throw error;
  });
  return direct ?? (await losetup(["--find", "--show", image]));
}

export async function detachLoop(device: string): Promise<void> {
  await losetup(["--detach", device]);
}

/** Tell a loop device that its file has grown. */
export async function refreshLoop(device: string): Promise<void> {
  await losetup(["--set-capacity", device]);
}

async function losetup(args: readonly string[]): Promise<string> {
  return (await run("losetup", args)).stdout.trim();
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENXIO" || error.code === "ENODEV") return undefined;
  throw error;
}
