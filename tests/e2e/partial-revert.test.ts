import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@dockersnap/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, cli } from "../support/cli.ts";
import { EchoConnection, echoServer } from "../support/connection.ts";
import { faultsFound } from "../support/doctor.ts";
import type { Engine } from "../support/engine.ts";
import { bareInstance, hostPortOf } from "../support/instance.ts";
import { World } from "../support/world.ts";

let world: World;
let name: string;
let engine: Engine;
let connection: EchoConnection;

/** Keeps a file whole only when it is asked to end, as a database writes its last page. */
const tidy = ["sh", "-c", "trap '/bin/busybox touch /log/clean; exit 0' TERM; /bin/busybox sleep 1000000 & wait"];

beforeAll(async () => {
  world = await World.start();
  ({ name, engine } = await bareInstance(world, "web"));
  await engine.run({ name: "other", command: echoServer(7000), publish: ["7000:7000"], volumes: ["rest:/rest"] });
  await engine.run({ name: "db", command: tidy, volumes: ["data:/data", "log:/log"], restart: "unless-stopped" });
  await engine.run({ name: "report", volumes: ["data:/data:ro"] });
  await engine.json("POST", "/networks/create", { Name: "back" });
  await engine.run({ name: "worker", network: "back", volumes: ["cache:/cache"], restart: "always" });
  await world.client.instances.refreshPorts(name);
  connection = await EchoConnection.open(world, await hostPortOf(world, name, 7000));
  await engine.exec("db", "sh", "-c", "echo whole > /data/table");
  await engine.exec("worker", "sh", "-c", "echo then > /note; echo then > /cache/note");
  await engine.exec("other", "sh", "-c", "echo then > /rest/note");
  await ok("snapshot", name, "good");
  await engine.exec("other", "sh", "-c", "echo now > /rest/note");
});
afterAll(async () => {
  connection?.[Symbol.dispose]();
  await world?.end();
});

async function ok(...args: string[]): Promise<CliResult> {
  const result = await cli(world, ...args);
  expect(result, `dockersnap ${args.join(" ")}: ${result.stderr}`).toMatchObject({ code: 0 });
  return result;
}

const only = (...parts: string[]) => ok("revert", `${name}@good`, ...parts.flatMap((part) => ["--only", part]));
const read = async (container: string, file: string) => (await engine.exec(container, "cat", file)).output.trim();
const begun = async (container: string) => {
  const { Pid, StartedAt } = await engine.state(container);
  return `${Pid} ${StartedAt}`;
};

/** Neither the process nor the connection of what has no part in it is touched, nor what it wrote. */
async function untouched(containers: readonly string[], act: () => Promise<unknown>): Promise<void> {
  const before = await Promise.all(containers.map(begun));
  await act();
  expect(await Promise.all(containers.map(begun))).toEqual(before);
  expect(await connection.say("still here")).toBe("still here");
  expect(await read("other", "/rest/note")).toBe("now");
}

describe("a volume", () => {
  it("comes back alone: who uses it ends in its own way and runs again, everybody else goes on", async () => {
    await engine.exec("db", "sh", "-c", "echo damaged > /data/table; echo new > /data/more; echo kept > /log/lines");
    const before = await Promise.all([begun("db"), begun("report")]);
    await untouched(["other", "worker"], () => only("volume:data"));
    expect(await Promise.all([begun("db"), begun("report")])).not.toEqual(before);
    expect(await read("db", "/data/table")).toBe("whole");
    expect(await read("report", "/data/table")).toBe("whole");
    expect((await engine.exec("db", "ls", "/data")).output).toBe("table\n");
    expect([await read("db", "/log/lines"), (await engine.exec("db", "ls", "/log/clean")).code]).toEqual(["kept", 0]);
    const { head, reverts } = await world.client.instances.history(name);
    expect(head).toBe("good");
    expect(reverts).toMatchObject([{ to: "good", only: ["volume:data"], undone: false }]);
  });

  it("is undone and redone alone, over a crash of the daemon, with what was written in between", async () => {
    await engine.exec("db", "sh", "-c", "echo later > /data/later; echo later > /log/lines");
    await world.killDaemon();
    await world.startDaemon();
    await untouched(["other", "worker"], () => ok("undo", name));
    expect(await read("db", "/data/table")).toBe("damaged");
    expect(await read("db", "/log/lines")).toBe("later");
    const { stdout } = await ok("redo", name);
    expect(stdout).toBe(`Redid the revert of volume:data of ${name} to good.\n`);
    expect([await read("db", "/data/table"), await read("db", "/data/later")]).toEqual(["whole", "later"]);
  });

  it("that was removed comes back with its files, and is gone again when that is undone", async () => {
    await engine.remove("worker");
    await engine.json("DELETE", "/volumes/cache");
    await untouched(["other", "db", "report"], () => only("volume:cache"));
    const volumes = async () => {
      const { Volumes } = (await engine.json("GET", "/volumes")) as { Volumes: { Name: string }[] };
      return Volumes.map((volume) => volume.Name).sort();
    };
    expect(await volumes()).toEqual(["cache", "data", "log", "rest"]);
    await engine.run({ name: "look", volumes: ["cache:/cache"] });
    expect(await read("look", "/cache/note")).toBe("then");
    expect(await cli(world, "undo", name)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("'look' uses it"),
    });
    await engine.remove("look");
    await untouched(["other", "db", "report"], () => ok("undo", name));
    expect(await volumes()).toEqual(["data", "log", "rest"]);
    await ok("redo", name);
  });
});

describe("a container", () => {
  it("that was removed comes back with its own files, its volume and its network, running", async () => {
    await untouched(["other", "db", "report"], () => only("container:worker"));
    expect([await read("worker", "/note"), await read("worker", "/cache/note")]).toEqual(["then", "then"]);
    const details = (await engine.json("GET", "/containers/worker/json")) as {
      NetworkSettings: { Networks: Record<string, unknown> };
    };
    expect(Object.keys(details.NetworkSettings.Networks)).toEqual(["back"]);
  });

  it("has what it wrote itself put back, and its volume left alone", async () => {
    await engine.exec("worker", "sh", "-c", "echo now > /note; echo now > /cache/note");
    const before = await begun("worker");
    await untouched(["other", "db", "report"], () => only("container:worker"));
    expect(await begun("worker")).not.toBe(before);
    expect([await read("worker", "/note"), await read("worker", "/cache/note")]).toEqual(["then", "now"]);
    await untouched(["other", "db", "report"], () => ok("undo", name));
    expect([await read("worker", "/note"), await read("worker", "/cache/note")]).toEqual(["now", "now"]);
  });

  it("takes the place of another that has its name now", async () => {
    await engine.remove("worker");
    await engine.run({ name: "worker", labels: { made: "anew" } });
    await engine.exec("worker", "sh", "-c", "echo anew > /note");
    await untouched(["other"], () => only("container:worker", "volume:data"));
    expect(await read("worker", "/note")).toBe("then");
  });

  it("gives that one back when it is undone, and it runs", async () => {
    await ok("undo", name);
    expect(await read("worker", "/note")).toBe("anew");
    expect(await engine.containers()).toEqual(["db", "other", "report", "worker"]);
  });

  it("comes back although its image was removed", async () => {
    const { Id } = (await engine.json("POST", "/commit?container=report&repo=special")) as { Id: string };
    await engine.json("POST", "/containers/create?name=special", { Image: "special", Cmd: ["sleep", "1000000"] });
    await engine.start("special");
    await ok("snapshot", name, "special");
    await engine.remove("special");
    await engine.json("DELETE", "/images/special");
    await untouched(["other", "db", "report"], () => ok("revert", name, "special", "--only", "container:special"));
    expect((await engine.exec("special", "echo", "up")).output).toBe("up\n");
    expect(await engine.json("GET", `/images/${Id}/json`)).toMatchObject({ Id });
    await engine.remove("special");
  });
});

describe("what cannot be put back alone is refused, and nothing changes:", () => {
  it.each([
    ["a part that is none", ["--only", "image:web"], 2, "expected volume:<name> or container:<name>"],
    ["an unknown volume", ["--only", "volume:date"], 3, "Did you mean 'volume:data'?"],
    ["an unknown container", ["--only", "container:wroker"], 3, "Did you mean 'container:worker'?"],
  ])("%s", async (_, words, code, says) => {
    await untouched(["other", "db", "report", "worker"], async () => {
      const answer = await cli(world, "revert", `${name}@good`, ...words);
      expect(answer).toMatchObject({ code, stderr: expect.stringContaining(says) });
    });
  });

  it("a volume whose files are elsewhere", async () => {
    const options = { type: "tmpfs", device: "tmpfs" };
    await engine.json("POST", "/volumes/create", { Name: "memory", DriverOpts: options });
    await ok("snapshot", name, "memory");
    expect(await cli(world, "revert", name, "memory", "--only", "volume:memory")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("stores its files outside the instance"),
    });
    await engine.json("DELETE", "/volumes/memory");
  });

  it("a container whose network was made anew", async () => {
    await engine.json("DELETE", "/networks/back");
    await engine.json("POST", "/networks/create", { Name: "back" });
    await engine.remove("worker");
    expect(await cli(world, "revert", name, "good", "--only", "container:worker")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("the network 'back'"),
    });
    await engine.json("DELETE", "/networks/back");
    expect(await engine.containers()).toEqual(["db", "other", "report"]);
  });
});

it("reverts the whole instance to what was kept before, with every container that ran then", async () => {
  await only("volume:data");
  const { reverts } = await world.client.instances.history(name);
  await ok("revert", name, reverts.at(-1)?.kept_as ?? "");
  expect(await engine.containers()).toEqual(["db", "other", "report"]);
  expect((await engine.state("db")).Running).toBe(true);
});

it("goes back in a stopped instance as well, and starts nothing", async () => {
  await engine.exec("db", "sh", "-c", "echo damaged > /data/table");
  await ok("stop", name);
  await ok("revert", name, "good", "--only", "volume:data", "--only", "volume:cache");
  expect((await world.client.instances.get(name)).status).toBe("stopped");
  await ok("start", name);
  expect(await read("db", "/data/table")).toBe("whole");
  await ok("stop", name);
  await ok("undo", name);
  await ok("start", name);
  expect(await read("db", "/data/table")).toBe("damaged");
});

it("brings a volume back whose files nobody may change, with its subvolumes, and takes that back", async () => {
  const held = await bareInstance(world, "held");
  await held.engine.run({ name: "app", volumes: ["data:/data"], restart: "always" });
  const data = join(world.tree(held.name), "volumes/data/_data");
  const subvolume = (...args: string[]) => run("btrfs", args, { cwd: data });
  const write = (words: string) => {
    for (const file of ["table", "sub/inner/file"]) writeFileSync(join(data, file), words);
  };
  for (const path of ["sub", "sub/inner", "sub/kept"]) await subvolume("subvolume", "create", path);
  write("then");
  await subvolume("property", "set", "-ts", "sub/kept", "ro", "true");
  await run("chattr", ["+C", data]);
  await run("chattr", ["+i", "table"], { cwd: data });
  /** What the files say, flags and all; the columns of lsattr(1) differ from version to version. */
  const seen = async () => {
    const { stdout } = await run("lsattr", ["-d", ".", "table"], { cwd: data });
    const flags = stdout.split("\n").map((line) => (line.split(" ")[0] ?? "").replaceAll("-", ""));
    const readOnly = (await subvolume("property", "get", "-ts", "sub/kept", "ro")).stdout.trim();
    const words = ["table", "sub/inner/file"].map((file) => readFileSync(join(data, file), "utf8"));
    return [...words, ...flags.filter(Boolean), readOnly];
  };
  const then = ["then", "then", "C", "i", "ro=true"];
  expect(await seen()).toEqual(then);
  await ok("snapshot", held.name, "s1");

  await run("chattr", ["-i", "table"], { cwd: data });
  write("now");
  await subvolume("property", "set", "-ts", "sub/kept", "ro", "false");
  await run("chattr", ["+a", "table", "."], { cwd: data });
  const now = ["now", "now", "aC", "a", "ro=false"];
  expect(await seen()).toEqual(now);
  for (const [verb, becomes] of [
    [["revert", `${held.name}@s1`, "--only", "volume:data"], then],
    [["undo", held.name], now],
    [["redo", held.name], then],
  ] as const) {
    await ok(...verb);
    expect(await seen()).toEqual(becomes);
    expect(readdirSync(world.tree(held.name)).filter((entry) => entry.startsWith("."))).toEqual([]);
    expect((await held.engine.state("app")).Running).toBe(true);
  }
  await ok("delete", held.name);
  expect(await faultsFound(world)).toEqual([]);
});
