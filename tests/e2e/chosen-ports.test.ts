import { afterAll, beforeAll, expect, it } from "vitest";
import { cli, shell } from "../support/cli.ts";
import { pageOn } from "../support/connection.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

/** The words of a container that serves one line over HTTP. */
const page = (line: string) => [
  "sh",
  "-c",
  `/bin/busybox mkdir -p /www; echo ${line} > /www/index.html; exec /bin/busybox httpd -f -p 80 -h /www`,
];

/** What Docker says where it is asked for the port of a container, as testcontainers and `compose port` do. */
async function numberByDocker(engine: Engine, container: string): Promise<number> {
  const { NetworkSettings } = (await engine.json("GET", `/containers/${container}/json`)) as {
    NetworkSettings: { Ports: Record<string, { HostPort: string }[]> };
  };
  return Number(NetworkSettings.Ports["80/tcp"]?.[0]?.HostPort);
}

const pageAt = (address: string, port: number) =>
  expect.poll(() => pageOn({ address }, port).catch(() => undefined), { timeout: 10_000 });

it("lets two engines choose ports that do not meet, so the number Docker says is the host's too", async () => {
  const both = [await bareInstance(world, "free1"), await bareInstance(world, "free2")];
  const numbers: number[] = [];
  for (const { name, engine } of both) {
    await engine.run({ name: "web", command: page(name), publish: ["0:80"] });
    await world.client.instances.refreshPorts(name);
    numbers.push(await numberByDocker(engine, "web"));
  }
  expect(new Set(numbers).size).toBe(2);
  for (const [index, { name }] of both.entries()) {
    const number = numbers[index] ?? 0;
    expect((await world.client.instances.ports(name)).ports).toMatchObject([{ host_port: number }]);
    await pageAt(world.address, number).toBe(name);
  }
});

it("leads whoever asks Docker for a port to that instance's container, also where another has the number here", async () => {
  const both = [await bareInstance(world, "same1"), await bareInstance(world, "same2")];
  for (const { name, engine } of both) {
    await engine.run({ name: "web", command: page(name), publish: ["7601:80"] });
    await engine.run({ name: "local", command: page(`${name}-local`), publish: ["127.0.0.1:7602:80"] });
    await world.client.instances.refreshPorts(name);
  }
  for (const { name, engine } of both) {
    const { env } = await world.client.instances.access(name);
    const address = env.TESTCONTAINERS_HOST_OVERRIDE ?? "";
    await pageAt(address, await numberByDocker(engine, "web")).toBe(name);
    await pageAt(address, await numberByDocker(engine, "local")).toBe(`${name}-local`);
    const { output } = await engine.exec("web", "/bin/busybox", "wget", "-qO-", `http://${address}:7601`);
    expect(output).toBe(`${name}\n`);
    expect((await cli(world, "ports", name)).stdout).toContain(address);
  }
});

it("leads each of two commands that 'run' beside each other to the containers of its own copy", async () => {
  const { name } = await bareInstance(world, "shards");
  await world.client.instances.snapshot(name, { label: "s" });
  const shard = (word: string) => {
    const serve = `mkdir -p /www; echo ${word} > /www/index.html; exec httpd -f -p 80 -h /www`;
    const test =
      `docker run --detach --publish 80 --name web --entrypoint /bin/busybox dockersnap-tests/busybox:1 sh -c "${serve}" >&2; ` +
      `docker run --detach --publish 127.0.0.1:7603:80 --entrypoint /bin/busybox dockersnap-tests/busybox:1 sh -c "${serve}" >&2; ` +
      "number=$(docker port web 80/tcp | head -n 1); " +
      "for number in $(echo $number | cut -d: -f2) 7603; do " +
      'until busybox wget -qO- "http://$TESTCONTAINERS_HOST_OVERRIDE:$number" 2>/dev/null; do :; done; done';
    return cli(world, "run", `${name}@s`, "--", "timeout", "60", "bash", "-c", test);
  };
  const [one, two] = await Promise.all([shard("one"), shard("two")]);
  expect(one, one.stderr).toMatchObject({ code: 0, stdout: "one\none\n" });
  expect(two, two.stderr).toMatchObject({ code: 0, stdout: "two\ntwo\n" });
});

it("puts that address into the shell, and takes it out again", async () => {
  const { name } = await bareInstance(world, "shell");
  const { target_ip } = await world.client.instances.ports(name);
  const { stdout } = await shell(
    world,
    `eval "$(dockersnap use ${name})"; echo "$TESTCONTAINERS_HOST_OVERRIDE"; eval "$(dockersnap use --unset)"; echo "\${TESTCONTAINERS_HOST_OVERRIDE-none}"`,
  );
  expect(stdout).toBe(`${target_ip}\nnone\n`);
});
