import { spawn } from "node:child_process";
import { once } from "node:events";
import { base } from "./acts.ts";
import { runBeside } from "./inside.ts";
import type { Measurement } from "./measurement.ts";
import { echoAt, interleaved, type Stage, timed } from "./stage.ts";
import { summarize } from "./statistics.ts";

const port = 9000;
/** Seconds of it: what lasts half of one moves by a fifth from run to run. */
const megabytes = 4096;

/** One TCP stream out of an instance, through the port of the host and to the instance's own address. */
export async function throughput({ world, runs }: Stage): Promise<readonly Measurement[]> {
  const name = world.name(base);
  const source = await runBeside(world, name, "source", {
    options: ["--publish", `${port}:${port}`],
    command: ["nc", "-ll", "-p", String(port), "-e", "/bin/busybox", "dd", "if=/dev/zero", "bs=1M"],
  });
  try {
    await world.client.instances.refreshPorts(name);
    const { target_ip } = await world.client.instances.ports(name);
    const forwarded = await echoAt(world, name, port);
    // The first stream finds caches cold.
    await read(target_ip, port);
    const { ours, floor } = await interleaved(
      runs,
      () => read(world.address, forwarded),
      () => read(target_ip, port),
    );
    return [
      {
        name: "throughput of a forwarded port",
        unit: "MB/s",
        ours: summarize(ours),
        floor: summarize(floor),
        aim: { kind: "share of the floor", atLeast: 0.9 },
      },
    ];
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

/** MB/s. Read by a program of its own: Node would be what is measured. */
async function read(host: string, from: number): Promise<number> {
  const take = `dd of=/dev/null bs=1M count=${megabytes} iflag=fullblock status=none <"/dev/tcp/$0/$1"`;
  const took = await timed(async () => {
    const [code] = await once(spawn("bash", ["-c", take, host, String(from)], { stdio: "inherit" }), "exit");
    if (code !== 0) throw new Error(`Reading from ${host}:${from} ended with ${code}.`);
  });
  return (megabytes * 1000) / took;
}
