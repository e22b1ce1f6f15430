import { run } from "../../src/process/run.ts";
import { subvolumesBelow } from "../../src/storage-btrfs/subvolume-list.ts";

/**
 * What the files below each path are in every way: owners, times to the nanosecond, links, holes, contents, extended
 * attributes, flags, and which of them are subvolumes. Sorted lines.
 */
export async function sightOf(tree: string, paths: readonly string[]): Promise<readonly string[]> {
  const script = `
    cd "$1"; shift
    for path; do
      [ -e "$path" ] || [ -L "$path" ] || { echo "$path: absent"; continue; }
      find "$path" -printf '%p %y %m %U:%G %s %b %T@ %A@ %n %l\\n'
      find "$path" -type f -links +1 -printf '%i %p\\n' | sort | awk '{ print "links", $1 == last ? "same" : "other", $2; last = $1 }'
      find "$path" -type f -exec md5sum {} +
      find "$path" \\( -type f -o -type d \\) -exec lsattr -d {} +
      find "$path" -exec perl -e "$attributes" {} +
    done`;
  const attributes = `for my $path (@ARGV) {
      my $names = "\\0" x 65536;
      my $length = syscall(${calls.list}, $path, $names, 65536);
      for my $name (sort split(/\\0/, substr($names, 0, $length))) {
        my $value = "\\0" x 65536;
        my $size = syscall(${calls.get}, $path, $name, $value, 65536);
        print "$path $name ", unpack("H*", substr($value, 0, $size)), "\\n";
      }
    }`;
  const { stdout } = await run("sh", ["-c", script, "sh", tree, ...paths], { env: { attributes } });
  const nested = (await subvolumesBelow(tree)).filter(({ path }) =>
    paths.some((part) => `${path.toString()}/`.startsWith(`${part}/`)),
  );
  const trees = nested.map(({ path, isReadOnly }) => `${path.toString()} subvolume ${isReadOnly ? "ro" : "rw"}`);
  return [...stdout.split("\n").filter((line) => line !== ""), ...trees].sort();
}

/** Give a file an extended attribute. */
export async function setAttribute(path: string, name: string, value: Buffer): Promise<void> {
  const script = `my ($path, $name, $value) = ($ARGV[0], $ARGV[1], pack("H*", $ARGV[2]));
    syscall(${calls.set}, $path, $name, $value, length($value), 0) == 0 or die "$!\\n";`;
  await run("perl", ["-e", script, path, name, value.toString("hex")]);
}

/** The calls of Linux that act on extended attributes of a link itself. */
const calls = process.arch === "x64" ? { set: 189, get: 192, list: 195 } : { set: 6, get: 9, list: 12 };
