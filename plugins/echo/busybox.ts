import { readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Readable } from "node:stream";
import { tar } from "./tar.ts";

/**
 * What http-echo does, for busybox: `-text` is a file's content and never a word of the script, and a TERM is heard although
 * this is a container's first process.
 */
const httpEcho = `#!/bin/busybox sh
port=5678 text=hello-world
for argument; do
  case $argument in
    -listen=*) port=\${argument##*:} ;;
    -text=*) text=\${argument#-text=} ;;
  esac
done
/bin/busybox mkdir -p /www
printf '%s\\n' "$text" > /www/index.html
/bin/busybox httpd -f -p "$port" -h /www &
trap 'kill $!' TERM INT
wait
`;

const applets = ["sh", "cat", "echo", "ls", "mkdir", "rm", "sleep", "touch", "wget"];

/** A root file system of this host's busybox with an `/http-echo`, as a tar; undefined where no busybox stands alone. */
export async function busyboxArchive(
  path = process.env.PATH ?? "",
  usual = ["/bin", "/usr/bin"],
): Promise<Readable | undefined> {
  for (const folder of [...path.split(delimiter), ...usual]) {
    const binary = await readStatic(join(folder, "busybox"));
    if (binary === undefined) continue;
    return Readable.from([
      tar([
        { path: "bin/", mode: 0o755 },
        { path: "bin/busybox", mode: 0o755, content: binary },
        ...applets.map((applet) => ({ path: `bin/${applet}`, mode: 0o777, link: "busybox" })),
        { path: "data/", mode: 0o777 },
        { path: "http-echo", mode: 0o755, content: Buffer.from(httpEcho) },
        { path: "tmp/", mode: 0o1777 },
      ]),
    ]);
  }
  return undefined;
}

/** A program that names a dynamic loader does not run without its libraries. */
const programHeaderOfLoader = 3;

async function readStatic(path: string): Promise<Buffer | undefined> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) return undefined;
  const binary = await readFile(path);
  const is64BitLittleEndianElf =
    binary.length > 64 && binary.readUInt32BE(0) === 0x7f454c46 && binary[4] === 2 && binary[5] === 1;
  if (!is64BitLittleEndianElf) return undefined;
  const offset = Number(binary.readBigUInt64LE(32));
  const size = binary.readUInt16LE(54);
  for (let index = 0; index < binary.readUInt16LE(56); index += 1) {
    const header = offset + index * size;
    if (header + 4 > binary.length || binary.readUInt32LE(header) === programHeaderOfLoader) return undefined;
  }
  return binary;
}
