import { join } from "node:path";
import {
  type Access,
  type AccessFile,
  DockersnapError,
  instanceNamePattern,
  nameRules,
} from "@dockersnap/contract/words";

/** The folder with the folders of all instances. */
export const accessRoot = (home: string) => join(home, ".dockersnap");

/** Where an instance's access files go, without a slash at the end. */
export function accessFolder(home: string, instance: string): string {
  // It becomes a path, so it is checked here whatever the daemon thinks of it.
  if (!instanceNamePattern.test(instance)) {
    throw new DockersnapError(
      "invalid_request",
      `'${instance}' is not an instance's name: expected ${nameRules.instance}.`,
    );
  }
  return join(accessRoot(home), instance);
}

/**
 * Puts the folder in place of each `${ACCESS_DIR}`. Plugins that were written when the folder still came with a slash put a
 * file's name right behind the token, so the name gets its slash.
 */
export function withAccessFolder(text: string, folder: string): string {
  return text.replace(/\$\{ACCESS_DIR\}(?=([.-]*[\p{L}\p{N}_])?)/gu, (_token, name) =>
    name === undefined ? folder : `${folder}/`,
  );
}

/** The files an instance offers, as they are written into this folder. */
export function filesIn({ files }: Access, folder: string): AccessFile[] {
  return files.map((file) => ({ ...file, content: withAccessFolder(file.content, folder) }));
}
