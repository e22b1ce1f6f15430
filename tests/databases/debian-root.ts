import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { repository } from "../support/repository.ts";
import { run } from "./run.ts";

/** Unpacked roots are kept from one run to the next. */
const cache = join(repository, "node_modules/.cache/dockersnap-tests");

/** Wanted by packages around a program (its cluster management, its just-in-time compiler), not by the program. */
const leftOut = /^lib(llvm|perl|python|debconf|gdbm|common-sense|json-perl|json-xs|types-serialiser)/;

/** The user `database` of every root; the folder `/data` is its own. */
export const databaseUser = 70;

const applets = ["sh", "mkdir", "chown", "chmod", "id", "cat", "sleep", "true"];

/**
 * A root file system with these Debian packages, the libraries they stand on, and the host's static busybox. Nothing is
 * installed on the host and none of the packages' scripts runs. Resolves with its folder.
 */
export async function debianRoot(packages: readonly string[]): Promise<string> {
  const closure = await closureOf(packages);
  const root = join(cache, createHash("sha256").update(closure.join(" ")).digest("hex").slice(0, 16));
  if (existsSync(root)) return root;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "unfinished-"));
  try {
    // apt drops to a user of its own, who cannot write here, and says so.
    await run("apt-get", ["download", "-qq", "-o", "APT::Sandbox::User=root", ...closure], { cwd: work });
    const unpacked = join(work, "root");
    for (const file of (await readdir(work)).filter((name) => name.endsWith(".deb"))) {
      await run("dpkg", ["--extract", join(work, file), unpacked]);
    }
    await furnish(unpacked);
    await rename(unpacked, root);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return root;
}

async function closureOf(packages: readonly string[]): Promise<string[]> {
  const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const { stdout } = await aptCache(["depends", "--recurse", ...only, ...packages]);
  const named = stdout.split("\n").filter((line) => /^[a-z0-9]/.test(line));
  const libraries = named.filter((name) => /^z?lib/.test(name) && !leftOut.test(name) && !name.includes(":"));
  return [...new Set([...packages, ...libraries])].sort();
}

/** What programs expect to be there: a shell, users, folders that can be written to. */
async function furnish(root: string): Promise<void> {
  for (const folder of ["bin", "etc", "tmp", "data", "run"]) await mkdir(join(root, folder), { recursive: true });
  const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error("This host has no busybox; install busybox-static.");
  await copyFile(busybox, join(root, "bin/busybox"));
  for (const applet of applets) {
    if (!existsSync(join(root, "bin", applet))) await symlink("busybox", join(root, "bin", applet));
  }
  // An empty volume takes over the owner of the folder it is mounted on.
  await chown(join(root, "data"), databaseUser, databaseUser);
  // Whatever the umask is.
  await chmod(join(root, "tmp"), 0o1777);
  const ids = `${databaseUser}:${databaseUser}`;
  await writeFile(join(root, "etc/passwd"), `root:x:0:0::/:/bin/sh\ndatabase:x:${ids}::/data:/bin/sh\n`);
  await writeFile(join(root, "etc/group"), `root:x:0:\ndatabase:x:${databaseUser}:\n`);
  // Debian's loader is found below /lib64, a link on an installed system.
  if (existsSync(join(root, "usr/lib64")) && !existsSync(join(root, "lib64"))) {
    await symlink("usr/lib64", join(root, "lib64"));
  }
}

/** The newest PostgreSQL server package of this release, such as `postgresql-15`. */
export async function postgresPackage(): Promise<string> {
  const { stdout } = await aptCache(["depends", "postgresql"]);
  const [, name] = /Depends: (postgresql-\d+)/.exec(stdout) ?? [];
  if (name === undefined) throw new Error("apt knows no PostgreSQL; run 'apt-get update'.");
  return name;
}

/** The folder as an image of a Docker engine. */
export async function importRoot(root: string, socket: string, image: string): Promise<void> {
  const archive = join(dirname(root), `${process.pid}-${image.replace(/\W/g, "-")}.tar`);
  try {
    await run("tar", ["--create", "--file", archive, "--directory", root, "."]);
    await run("docker", ["--host", `unix://${socket}`, "import", archive, image]);
  } finally {
    await rm(archive, { force: true });
  }
}

/** A machine may have every program and no list of packages. */
async function aptCache(words: readonly string[]): Promise<{ stdout: string }> {
  try {
    return await run("apt-cache", words);
  } catch {
    await run("apt-get", ["update", "-qq"]);
    return run("apt-cache", words);
  }
}
