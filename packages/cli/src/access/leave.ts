import type { Io } from "../io.ts";
import { putBack, valuesBefore } from "./before.ts";
import type { Dialect } from "./dialect.ts";
import { type Manifest, readManifest } from "./files.ts";
import { accessFolder } from "./folder.ts";
import { exportedIn, exportedNames } from "./variables.ts";

/** What an earlier `use` set in this shell: its environment says so, or else the folder of the instance it uses. */
export async function namesInUse(io: Io, instance = io.env.DOCKERSNAP_INSTANCE): Promise<readonly string[]> {
  const names = exportedIn(io.env);
  if (names.length > 0 || instance === undefined) return names;
  return (await readManifest(accessFolder(io.home, instance))).env;
}

/** Statements that end the use of an instance in this shell: what these variables were before `use` is there again. */
export function leaving(io: Io, names: readonly string[], dialect: Dialect): readonly string[] {
  const all = [...names, ...valuesBefore(io.env).keys()];
  return all.length === 0 ? [] : [...putBack(io.env, all, dialect), dialect.unset(exportedNames)];
}

/** As `leaving`, for a `use` that failed: with a false status at the end. */
export async function takeOut(io: Io, dialect: Dialect): Promise<readonly string[]> {
  // A folder that cannot be read must not keep the shell from hearing of the failure.
  const names = await namesInUse(io).catch((): Manifest["env"] => []);
  return [...leaving(io, names, dialect), "false;"];
}
