import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { DockersnapError } from "@dockersnap/contract/words";
import { hasErrno } from "../process/errno.ts";
import { isBusy } from "./database.ts";

/**
 * Hold `path` for this process alone, or say who holds it. The kernel lets go of it when the process ends, however it
 * ends, so nothing of a killed daemon is in the way of the next. Nobody else may open `path`: closing any descriptor of
 * it would drop this process's lock.
 */
export function holdAlone(path: string): { release(): void } {
  const connection = new DatabaseSync(path, { timeout: 0 });
  const holderPath = `${path}.pid`;
  try {
    // In memory: a killed holder then leaves no journal behind.
    connection.exec("PRAGMA journal_mode = MEMORY");
    connection.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    connection.close();
    if (!isBusy(error)) {
      throw new DockersnapError("internal", `The lock ${path} cannot be taken: ${words(error)}. Remove the file.`, {
        cause: error,
      });
    }
    throw new DockersnapError(
      "busy",
      `Another daemon${holder(holderPath)} works with the records beside ${path}. Stop it first, or give this one a state_dir of its own.`,
      { cause: error },
    );
  }
  chmodSync(path, 0o600);
  try {
    // Only for the sentence above: the lock itself is the kernel's.
    writeFileSync(holderPath, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    if (!hasErrno(error, "ENOSPC", "EDQUOT")) throw error;
  }
  return {
    release: () => {
      if (connection.isOpen) connection.close();
    },
  };
}

function holder(path: string): string {
  try {
    return ` (process ${readFileSync(path, "utf8").trim()})`;
  } catch {
    return "";
  }
}

const words = (error: unknown) => (error instanceof Error ? error.message : String(error));
