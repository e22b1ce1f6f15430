import { describe, expect, it } from "vitest";
import { FakeDocker } from "../../src/testing/index.ts";

const always = { RestartPolicy: { Name: "always" } };

function engine() {
  const docker = new FakeDocker();
  docker.images.add("web");
  return { docker, client: docker.client() };
}

describe("a container", () => {
  it("is listed when it runs, and found by name, id and its beginning", async () => {
    const { docker, client } = engine();
    const container = await client.createContainer({ name: "a", Image: "web", HostConfig: always });
    expect(await client.listContainers()).toHaveLength(0);
    await container.start();
    expect(await client.listContainers()).toMatchObject([{ Names: ["/a"], State: "running", Image: "web" }]);
    const { Id } = await client.getContainer("a").inspect();
    expect((await client.getContainer(Id.slice(0, 12)).inspect()).State.Running).toBe(true);
    expect(docker.containers()).toMatchObject([{ name: "a", running: true, restartPolicy: "always" }]);
  });

  it("needs a restart policy", async () => {
    const { client } = engine();
    await expect(client.createContainer({ name: "a", Image: "web" })).rejects.toThrow("no restart policy");
    const once = { name: "b", Image: "web", HostConfig: { AutoRemove: true } };
    await expect(client.createContainer(once)).resolves.toBeDefined();
  });

  it("needs its image", async () => {
    const { client } = engine();
    await expect(client.createContainer({ Image: "db", HostConfig: always })).rejects.toMatchObject({
      statusCode: 404,
    });
  });

  it("has its name alone", async () => {
    const { client } = engine();
    await client.createContainer({ name: "a", Image: "web", HostConfig: always });
    const again = client.createContainer({ name: "a", Image: "web", HostConfig: always });
    await expect(again).rejects.toMatchObject({ statusCode: 409 });
  });

  it("may have the beginning of another's id as its name, and is then found by it", async () => {
    const { client } = engine();
    const { id } = await client.createContainer({ name: "a", Image: "web", HostConfig: always });
    const name = id.slice(0, 1);
    const second = await client.createContainer({ name, Image: "web", HostConfig: always });
    expect((await client.getContainer(name).inspect()).Id).toBe(second.id);
  });

  it("has its published port alone while it runs", async () => {
    const { client } = engine();
    const HostConfig = { ...always, PortBindings: { "80/tcp": [{ HostPort: "8080" }] } };
    const first = await client.createContainer({ name: "a", Image: "web", HostConfig });
    const second = await client.createContainer({ name: "b", Image: "web", HostConfig });
    await first.start();
    await expect(second.start()).rejects.toThrow("port 8080 is already allocated");
    await first.stop();
    await second.start();
    expect(await client.listContainers()).toMatchObject([{ Ports: [{ PrivatePort: 80, PublicPort: 8080 }] }]);
  });

  it("is removed by force while it runs, and not without", async () => {
    const { docker, client } = engine();
    const container = await client.createContainer({ name: "a", Image: "web", HostConfig: always });
    await container.start();
    await expect(container.remove()).rejects.toMatchObject({ statusCode: 409 });
    await container.remove({ force: true });
    expect(docker.containers()).toEqual([]);
    await expect(client.getContainer("a").inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("makes the volumes it mounts", async () => {
    const { docker, client } = engine();
    const Mounts = [{ Type: "volume" as const, Source: "data", Target: "/data" }];
    await client.createContainer({ Image: "web", HostConfig: { ...always, Mounts } });
    expect(docker.volumes()).toEqual(["data"]);
  });

  it("is found by label", async () => {
    const { client } = engine();
    await client.createContainer({ Image: "web", Labels: { role: "db" }, HostConfig: always });
    const find = (label: string) => client.listContainers({ all: true, filters: { label: [label] } });
    expect(await find("role=db")).toHaveLength(1);
    expect(await find("role=web")).toHaveLength(0);
  });
});

it("takes another restart policy for a container, and tells since when it runs", async () => {
  const { docker, client } = engine();
  const options = { name: "a", Image: "web", HostConfig: { RestartPolicy: { Name: "on-failure" }, Privileged: true } };
  const container = await client.createContainer(options);
  await container.update({ RestartPolicy: { Name: "always" } });
  await container.start();
  expect(docker.containers()).toMatchObject([
    { restartPolicy: "always", options: { HostConfig: { Privileged: true } } },
  ]);
  expect(Date.parse((await container.inspect()).State.StartedAt)).toBeGreaterThan(Date.parse("2020-01-01"));
  await expect(client.getContainer("nobody").update({})).rejects.toMatchObject({ statusCode: 404 });
});

describe("an image", () => {
  it("is there after a pull that is followed to its end", async () => {
    const { docker, client } = engine();
    const stream = await client.pull("db:16");
    const events = await new Promise<unknown[]>((resolve, reject) =>
      client.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output))),
    );
    expect(events.length).toBeGreaterThan(0);
    expect(docker.images.has("db:16")).toBe(true);
    expect(await client.getImage("db:16").inspect()).toMatchObject({ RepoTags: ["db:16"] });
  });

  it("does not come from a registry that is cut off", async () => {
    const { docker, client } = engine();
    docker.images.cutOffRegistry();
    await expect(client.pull("db:16")).rejects.toThrow("no such host");
    await expect(client.getImage("db:16").inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("can be imported and tagged", async () => {
    const { docker, client } = engine();
    await client.importImage(Buffer.from("") as unknown as NodeJS.ReadableStream, { repo: "own", tag: "1" });
    await client.getImage("own:1").tag({ repo: "own", tag: "2" });
    expect(docker.images.list().map((image) => image.RepoTags[0])).toEqual(["web:latest", "own:1", "own:2"]);
  });
});

it("names the call it does not have", () => {
  expect(() => engine().client.swarmInit({})).toThrow("has no 'swarmInit'");
});
