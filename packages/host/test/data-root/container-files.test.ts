import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createContainerFiles } from "../../src/data-root/container-files.ts";
import { storedRoot } from "./stored-root.ts";

const files = createContainerFiles();
const layerdb = "image/overlay2/layerdb";

/** The stored root has no files of layers; here are the links to them. */
async function withLinks() {
  const root = await storedRoot();
  const mount = (await readFile(root.at(layerdb, "mounts", root.ids.web, "mount-id"), "utf8")).trim();
  const chain = (await readFile(root.at(layerdb, "mounts", root.ids.web, "parent"), "utf8")).slice("sha256:".length);
  const cache = await readFile(root.at(layerdb, "sha256", chain, "cache-id"), "utf8");
  const links = { [mount]: "A".repeat(26), [`${mount}-init`]: "B".repeat(26), [cache]: "C".repeat(26) };
  for (const [layer, link] of Object.entries(links)) {
    await mkdir(root.at("overlay2", layer), { recursive: true });
    await writeFile(root.at("overlay2", layer, "link"), link);
  }
  return { root, mount, chain, cache };
}

it("tells every path of one container", async () => {
  const { root, mount } = await withLinks();
  await using _ = root;
  expect(await files.of(root.path, root.ids.web)).toEqual([
    `containers/${root.ids.web}`,
    `${layerdb}/mounts/${root.ids.web}`,
    ...[`overlay2/${mount}`, `overlay2/l/${"A".repeat(26)}`],
    ...[`overlay2/${mount}-init`, `overlay2/l/${"B".repeat(26)}`],
  ]);
});

it("has none of a container that is not there, nor of what is no id", async () => {
  await using root = await storedRoot();
  for (const id of ["f".repeat(64), "..", ""]) {
    expect(await files.of(root.path, id), id).toEqual([]);
    expect(await files.missingBelow(root.path, id, root.path), id).toEqual([]);
  }
  expect(await files.of(root.at("absent"), root.ids.web)).toEqual([]);
});

it("finds the image and the layers that are missing elsewhere, and none that are there", async () => {
  const { root, chain, cache } = await withLinks();
  await using _ = root;
  const other = root.at("..", "other");
  await cp(root.path, other, { recursive: true });
  expect(await files.missingBelow(root.path, root.ids.web, other)).toEqual([]);

  const config = JSON.parse(await readFile(root.at("containers", root.ids.web, "config.v2.json"), "utf8"));
  const image = config.Image.slice("sha256:".length);
  await rm(join(other, "image/overlay2/imagedb/content/sha256", image));
  await rm(join(other, layerdb, "sha256", chain), { recursive: true });
  const missing = await files.missingBelow(root.path, root.ids.web, other);
  expect(missing).toEqual(
    expect.arrayContaining([
      `image/overlay2/imagedb/content/sha256/${image}`,
      ...[`${layerdb}/sha256/${chain}`, `overlay2/${cache}`, `overlay2/l/${"C".repeat(26)}`],
    ]),
  );
  for (const path of missing.filter((one) => !one.startsWith("overlay2/l/"))) await stat(root.at(path));
});

it("refuses a container whose image was pulled anew elsewhere", async () => {
  const { root, chain } = await withLinks();
  await using _ = root;
  const other = root.at("..", "other");
  await cp(root.path, other, { recursive: true });
  await writeFile(join(other, layerdb, "sha256", chain, "cache-id"), "0".repeat(64));
  await expect(files.missingBelow(root.path, root.ids.web, other)).rejects.toMatchObject({
    code: "wrong_state",
    message: expect.stringContaining("container 'web'"),
  });
});

it("has a container stopped by nobody, and all else that is written of it as it was", async () => {
  await using root = await storedRoot();
  const { web, made } = root.ids;
  const file = root.at("containers", web, "config.v2.json");
  const before = (await readFile(file, "utf8")).replace(
    '"HasBeenManuallyStopped":false',
    '"HasBeenManuallyStopped":true',
  );
  await writeFile(file, before);
  await files.forgetStop(root.path, [web, made, "f".repeat(64), "../x"]);
  await files.forgetStop(root.path, [web]);
  expect(await readFile(file, "utf8")).toBe(before.replace('Stopped":true', 'Stopped":false'));
  expect(await readdir(root.at("containers", web))).not.toContain("config.v2.json.new");
});

it("withholds a restart policy, and replaces sockets, in the files of those containers alone", async () => {
  await using root = await storedRoot();
  const { web } = root.ids;
  const file = root.at("containers", web, "hostconfig.json");
  const before = (await readFile(file, "utf8"))
    .replace(/"RestartPolicy":\{"Name":"[^"]*"/, '"RestartPolicy":{"Name":"always"')
    .replace(/"Binds":(null|\[[^\]]*\])/, '"Binds":["/run/x/src.sock:/var/run/docker.sock","/run/x/other.sock:/o"]');
  await writeFile(file, before);
  await files.withholdRestart(root.path, [web, "f".repeat(64), "../x"]);
  await files.replaceSockets(root.path, (path) => path === "/run/x/src.sock", "/run/x/copy.sock");
  const after = before.replace('"Name":"always"', '"Name":"no"').replace("/run/x/src.sock:", "/run/x/copy.sock:");
  expect(after).not.toBe(before);
  expect(await readFile(file, "utf8")).toBe(after);
});

it("follows no link out of the data-root", async () => {
  await using root = await storedRoot();
  const { web } = root.ids;
  const outside = root.at("..", "outside");
  await mkdir(outside);
  await writeFile(join(outside, "config.v2.json"), '{"HasBeenManuallyStopped":true}');
  await rm(root.at("containers", web), { recursive: true });
  await symlink(outside, root.at("containers", web));
  await files.forgetStop(root.path, [web]);
  expect(await readFile(join(outside, "config.v2.json"), "utf8")).toBe('{"HasBeenManuallyStopped":true}');
});
