import { samples } from "@dockersnap/core/testing";
import { openRecords } from "../../src/records/open.ts";

/** Writes instances with a port each until it is killed, every second one lazily, and says each number once both are written. */
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: writer.ts <path>");
const records = openRecords({ path });
for (let number = records.instances.all().length; ; number += 1) {
  const write = () =>
    records.transaction(() => {
      records.instances.insert(samples.instance(`web-${number}`, number));
      records.ports.reserve(samples.tcp(`web-${number}`, 80, 10_000 + number));
    });
  if (number % 2 === 0) write();
  else records.lazily(write);
  process.stdout.write(`${number}\n`);
}
