// biome-ignore-all lint/suspicious/noTemplateCurlyInString: tokens of the plugin contract
import { expect, it } from "vitest";
import { json, scriptedDaemon } from "../../../client/test/scripted-daemon.ts";
import { runCli } from "../run-cli.ts";

const answer = {
  contract_version: "1",
  env: { KUBECONFIG: "${ACCESS_DIR}/kubeconfig" },
  files: [{ name: "kubeconfig", content: "a: ${ACCESS_DIR}/x\u001b[0m\n" }],
  endpoints: [{ name: "api", url: "https://127.0.0.1:30001", description: "the API" }],
};
const world = () => scriptedDaemon({ "GET /instances/demo/access": json(200, answer) });

it("shows variables, endpoints and files", async () => {
  await using daemon = await world();
  const { stdout } = await runCli(["access", "demo"], { daemon });
  for (const part of ["KUBECONFIG", "api  https://127.0.0.1:30001  the API", "file  kubeconfig"]) {
    expect(stdout).toContain(part);
  }
});

it("shows the API's own JSON", async () => {
  await using daemon = await world();
  expect(JSON.parse((await runCli(["access", "demo", "-o", "json"], { daemon })).stdout)).toEqual(answer);
});

it("prints one file as it is, with the folder's place put in", async () => {
  await using daemon = await world();
  const { stdout } = await runCli(["access", "demo", "--file", "kubeconfig"], { daemon, home: "/home/me" });
  expect(stdout).toBe("a: /home/me/.dockersnap/demo/x\u001b[0m\n");
});

it("offers the nearest name for a file that is not there", async () => {
  await using daemon = await world();
  const { code, stderr } = await runCli(["access", "demo", "--file", "kubeconfg"], { daemon });
  expect(code).toBe(3);
  expect(stderr).toBe("error: The workload of 'demo' has no file 'kubeconfg'. Did you mean 'kubeconfig'?\n");
});
