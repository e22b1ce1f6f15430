import { type FSWatcher, watch } from "node:fs";
import { hasErrno } from "./errno.ts";

/** How often a path is looked at when the kernel does not watch it. */
const lookEveryMs = 50;

/**
 * Call `changed` after each change of a file, or of an entry in a folder: with the entry's name, where the kernel tells it.
 * The kernel may have no watch left (`fs.inotify.max_user_instances` and `max_user_watches` are shared with every program
 * of the same user); `changed` is then called at short intervals instead, without a name. A path that does not exist throws.
 */
export function onChange(path: string, changed: (entry: string | undefined) => void): { close(): void } {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const lookRegularly = () => {
    timer ??= setInterval(() => changed(undefined), lookEveryMs);
  };
  try {
    watcher = watch(path, (_, entry) => changed(entry ?? undefined));
    watcher.on("error", lookRegularly);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ENODEV")) throw error;
    lookRegularly();
  }
  return {
    close() {
      watcher?.close();
      clearInterval(timer);
    },
  };
}
