import { mkdir, mkdtemp, readFile, rename, rm, rmdir, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDataRootReader } from "../../src/data-root/reader.ts";
import { run } from "../../src/process/run.ts";
import { storedRoot } from "./stored-root.ts";

const never = new AbortController().signal;
const read = (path: string) => createDataRootReader().read(path, never);

const box = "sha256:b77be114c87ba23b72e8a5c5f7d369173aa0ef634492ccaf4e66d815f8235267";
const committed = "sha256:bcb445fae2859429c49417be477d2c77643a1ddee24d1e1af138469d73fff68c";
const anonymous = "2ed05096ab4a00e0ee18e00170b7b41f1c4c0e360b800251e204757f4a2d08b8";
const ownLayer = "8708246e44a0ba75979c183ee0ec140d2f2af4df026d065d5d47b6aedc147be5";
const boxLayer = "5e266e6116c1af69e1b2a9a5c151ad1f8d95ecb85ce1de39bd6077f37371da6e";

describe("a data-root that dockerd left", () => {
  it("tells its containers with what they were asked to be", async () => {
    await using root = await storedRoot();
    const { containers } = await read(root.path);
    expect(containers.map(({ name, id, state }) => ({ name, id, state }))).toEqual([
      { name: "made", id: root.ids.made, state: "created" },
      { name: "web", id: root.ids.web, state: "running" },
    ]);
    expect(containers[1]).toMatchObject({
      image: box,
      imageName: "box",
      command: ["sleep", "100000"],
      env: ["A=1"],
      ports: [{ containerPort: 80, protocol: "tcp", hostIp: "", hostPort: "8080" }],
      mounts: [
        { type: "volume", source: anonymous, destination: "/anon", readOnly: false },
        { type: "volume", source: "data", destination: "/data", readOnly: false },
        { type: "bind", source: "/tmp", destination: "/host", readOnly: true },
        { type: "tmpfs", source: "", destination: "/scratch", readOnly: false },
      ],
      networks: ["back"],
      layers: {
        mountId: ownLayer,
        own: `overlay2/${ownLayer}/diff`,
        below: [`overlay2/${ownLayer}-init/diff`, `overlay2/${boxLayer}/diff`],
      },
    });
    expect(containers[1]?.settings).toMatchObject({ IpcMode: '"private"', ShmSize: "67108864" });
    expect(containers[1]?.settings).not.toHaveProperty("NetworkMode");
    expect(containers[1]?.settings).not.toHaveProperty("Hostname");
  });

  it("tells its images by digest, with their names and the bytes of their layers", async () => {
    await using root = await storedRoot();
    const { images } = await read(root.path);
    expect(images).toEqual([
      { id: box, tags: ["box:latest", "other/box:2"], repoDigests: [], createdAt: expect.any(String), bytes: 1982277 },
      { id: committed, tags: ["committed:1"], repoDigests: [], createdAt: expect.any(String), bytes: 1982279 },
    ]);
  });

  it("tells its volumes and where their files are", async () => {
    await using root = await storedRoot();
    const { volumes } = await read(root.path);
    expect(volumes).toEqual([
      { name: anonymous, driver: "local", labels: {}, options: {}, folder: `volumes/${anonymous}/_data` },
      { name: "data", driver: "local", labels: { x: "y" }, options: {}, folder: "volumes/data/_data" },
    ]);
  });

  it("tells its networks", async () => {
    await using root = await storedRoot();
    const { networks, problems } = await read(root.path);
    expect(networks.map(({ name, driver, subnets }) => [name, driver, ...subnets])).toEqual([
      ["back", "bridge", "172.18.0.0/16"],
      ["bridge", "bridge", "172.17.0.0/16"],
      ["host", "host"],
      ["none", "null"],
    ]);
    expect(networks[0]?.labels).toEqual({ a: "b" });
    expect(problems).toEqual([]);
  });

  it("holds nothing when no engine used it yet, and is not found when it is not there", async () => {
    await using root = await storedRoot();
    await mkdir(root.at("empty"));
    expect(await read(root.at("empty"))).toEqual({
      containers: [],
      images: [],
      volumes: [],
      networks: [],
      problems: [],
    });
    await expect(read(root.at("nowhere"))).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("what a workload may leave in a data-root", () => {
  it("is never reached through a link", async () => {
    await using root = await storedRoot();
    const web = root.at("containers", root.ids.web);
    await rename(web, root.at("outside"));
    await symlink(root.at("outside"), web);
    await rename(root.at("volumes", "data"), root.at("outside-volume"));
    await symlink(root.at("outside-volume"), root.at("volumes", "data"));
    await rename(root.at("image", "overlay2"), root.at("outside-images"));
    await symlink(root.at("outside-images"), root.at("image", "overlay2"));

    const { containers, images, volumes } = await read(root.path);
    expect(containers.map(({ name, layers }) => ({ name, layers }))).toEqual([{ name: "made", layers: undefined }]);
    expect(images).toEqual([]);
    expect(volumes.map(({ name }) => name)).not.toContain("data");
  });

  it.each([
    ["a FIFO", (path: string) => run("mkfifo", [path])],
    ["a directory", (path: string) => mkdir(path)],
    ["a link", (path: string) => symlink("/etc/passwd", path)],
    ["a socket", (path: string) => listenOn(path)],
  ])("is not read when it is %s where a file should be", async (_what, make) => {
    await using root = await storedRoot();
    await rm(root.at("containers", root.ids.web, "config.v2.json"));
    await make(root.at("containers", root.ids.web, "config.v2.json"));
    const { containers } = await read(root.path);
    expect(containers.map(({ name }) => name)).toEqual(["made"]);
  });

  it.each([
    ["no JSON", (path: string) => writeFile(path, "{"), /it is no JSON/],
    ["no container", (path: string) => writeFile(path, '{"ID": 7}'), /a form dockersnap does not know/],
    ["huge", (path: string) => truncate(path, 2 ** 40), /larger than 4194304 bytes/],
    ["another container's", swapId, /another container's/],
  ])("is told as a problem when it is %s, and the rest is read", async (_what, spoil, words) => {
    await using root = await storedRoot();
    await spoil(root.at("containers", root.ids.web, "config.v2.json"));
    const { containers, problems } = await read(root.path);
    expect(containers.map(({ name }) => name)).toEqual(["made"]);
    expect(problems).toEqual([expect.stringMatching(words)]);
    expect(problems[0]).toContain(root.ids.web);
  });

  it("has names of layers that lead nowhere else", async () => {
    await using root = await storedRoot();
    const mount = ["image", "overlay2", "layerdb", "mounts", root.ids.web];
    await writeFile(root.at(...mount, "mount-id"), "../../../../etc");
    const { containers } = await read(root.path);
    expect(containers.find(({ name }) => name === "web")).not.toHaveProperty("layers");
  });

  it("ends where layers go in circles", async () => {
    await using root = await storedRoot();
    const chain = "91acd9c57da72f244a4211b0f4abcce489bf8e37b44221204843ebc01960c5c7";
    await writeFile(root.at("image", "overlay2", "layerdb", "sha256", chain, "parent"), `sha256:${chain}`);
    const { containers } = await read(root.path);
    expect(containers.find(({ name }) => name === "web")?.layers?.below.length).toBeLessThan(1000);
  });

  it.each([["network/files/local-kv.db"], ["volumes/metadata.db"]])("is a broken %s, and is told", async (file) => {
    await using root = await storedRoot();
    await writeFile(root.at(file), "no database at all");
    const { problems, volumes } = await read(root.path);
    expect(problems).toEqual([expect.stringMatching(/no bolt database/)]);
    expect(volumes.map(({ name }) => name)).toEqual([anonymous, "data"]);
  });
});

async function swapId(path: string): Promise<void> {
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/"ID":"[0-9a-f]{64}"/, `"ID":"${"f".repeat(64)}"`));
}

async function listenOn(path: string): Promise<void> {
  const short = join(await mkdtemp(join(tmpdir(), "ds-socket-")), "s");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ path: short }, resolve));
  await rename(short, path);
  await new Promise((resolve) => server.close(resolve));
  await rmdir(dirname(short));
}
