import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { pluginNamePattern } from "@dockersnap/contract";
import { beginningOf, isBinary, isProgram, whyUntrusted } from "@dockersnap/host/plugins";
import type { Report } from "../report.ts";

/** Look at the file itself. The answer is whether it can be run. */
export async function checkFile(path: string, report: Report): Promise<boolean> {
  const name = basename(path);
  if (pluginNamePattern.test(name)) report.ok("file/name");
  else report.failed("file/name", `it is called ${JSON.stringify(name)}`);

  const resolved = await realpath(path);
  const file = await stat(resolved);
  const isExecutableFile = file.isFile() && (file.mode & 0o111) !== 0;
  if (isExecutableFile) report.ok("file/executable");
  else report.failed("file/executable", `its mode is ${(file.mode & 0o777).toString(8).padStart(4, "0")}`);

  const distrust = await whyUntrusted(resolved, dirname(resolved));
  if (distrust === undefined) report.ok("file/owner");
  else report.warn("file/owner", distrust);

  const problem = await whyNoProgram(resolved);
  if (problem === undefined) report.ok("file/interpreter");
  else report.failed("file/interpreter", problem);
  return isExecutableFile && problem === undefined;
}

async function whyNoProgram(path: string): Promise<string | undefined> {
  const head = await beginningOf(path);
  if (isBinary(head)) return undefined;
  if (!isProgram(head)) return "it begins neither with '#!' nor as a binary";
  const [line = ""] = head.slice(2).split("\n", 1);
  if (line.endsWith("\r"))
    return "its first line ends with a carriage return, which becomes part of the interpreter's name";
  const [interpreter = "", ...words] = line.trim().split(/[ \t]+/);
  if (!interpreter.startsWith("/")) return `its first line names '${interpreter}', which is no absolute path`;
  if (!(await isExecutable(interpreter))) return `its interpreter ${interpreter} is not there`;
  if (basename(interpreter) !== "env") return undefined;
  const program = words.find((word) => !word.startsWith("-") && !word.includes("="));
  if (program === undefined) return "its first line names no program for env to start";
  const found = await Promise.all(
    // The daemon puts its own Node first, too.
    [dirname(process.execPath), ...(process.env.PATH ?? "").split(delimiter)].map((folder) =>
      isExecutable(join(folder, program)),
    ),
  );
  return found.includes(true) ? undefined : `its interpreter '${program}' is not in the PATH`;
}

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
