import type { Io } from "../io.ts";
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

/** Statements that take all of that out of the shell and end with a false status. */
export async function takeOut(io: Io, dialect: Dialect): Promise<readonly string[]> {
  // A folder that cannot be read must not keep the shell from hearing of the failure.
  const names = await namesInUse(io).catch((): Manifest["env"] => []);
  const all = names.length === 0 ? [] : [...names, exportedNames];
  return [...all.map((name) => dialect.unset(name)), "false;"];
}
