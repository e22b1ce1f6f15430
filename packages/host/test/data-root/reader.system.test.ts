import { expect, it } from "vitest";
import { createDataRootReader } from "../../src/data-root/reader.ts";
import { Machine, never } from "../dockerd/machine.ts";

it("reads what a real engine has on disk while it runs, and the same when it does not", async () => {
  await using machine = await Machine.start();
  const spec = await machine.prepare("web");
  const docker = (...words: string[]) => machine.docker("web", ...words);
  await machine.engines.start(spec, never);
  await machine.importImage("web");
  await docker("network", "create", "--subnet", "10.99.0.0/24", "back");
  await docker("volume", "create", "--label", "kept=yes", "data");
  const run = ["run", "--detach", "--name", "app", "--env", "A=1", "--volume", "data:/data", "--network", "back"];
  const id = await docker(...run, "box", "sleep", "1000");
  const read = () => createDataRootReader().read(spec.dataRoot, never);

  const running = await read();
  expect(running.problems).toEqual([]);
  expect(running.containers).toMatchObject([
    { id, name: "app", env: ["A=1"], networks: ["back"], state: "running", mounts: [{ source: "data" }] },
  ]);
  const layers = await docker(
    "inspect",
    "--format",
    "{{.GraphDriver.Data.UpperDir}}:{{.GraphDriver.Data.LowerDir}}",
    id,
  );
  const { own = "", below = [] } = running.containers[0]?.layers ?? {};
  const root = await docker("info", "--format", "{{.DockerRootDir}}");
  expect([own, ...below].map((folder) => `${root}/${folder}`).join(":")).toBe(layers);
  const image = await docker("inspect", "--format", "{{.Id}} {{.Size}}", "box");
  expect(running.images.map((one) => `${one.id} ${one.bytes}`)).toEqual([image]);
  expect(running.volumes).toMatchObject([{ name: "data", labels: { kept: "yes" } }]);
  const networks = (await docker("network", "ls", "--no-trunc", "--format", "{{.Name}} {{.ID}}")).split("\n");
  expect(running.networks.map((one) => `${one.name} ${one.id}`)).toEqual(networks.sort());
  expect(running.networks[0]).toMatchObject({ name: "back", subnets: ["10.99.0.0/24"] });

  await machine.engines.kill("web");
  expect(await read()).toEqual(running);
});
