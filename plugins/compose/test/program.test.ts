import { newContext } from "@dockersnap/plugin-sdk/testing";
import { expect, test } from "vitest";
import { plugin } from "../compose.ts";
import { findCompose } from "../program.ts";

/** A host with these versions of Compose; one without `docker compose` has a `docker` all the same. */
function host(versions: { readonly docker?: string; readonly "docker-compose"?: string }) {
  const ctx = newContext(plugin).withConfig({ file: "/srv/compose.yaml" }).build();
  for (const program of ["docker", "docker-compose"] as const) {
    const version = versions[program];
    ctx.programs.answer(program, () => (version === undefined ? { exitCode: 125 } : { stdout: `${version}\n` }));
  }
  return ctx;
}

test("the newer Compose is taken where both are there", async () => {
  const found = await findCompose(host({ docker: "v2.26.1", "docker-compose": "1.29.2" }));
  expect(found).toEqual({ program: "docker", prefix: ["compose"], version: "2.26.1" });
});

test("docker-compose is taken where docker has no compose", async () => {
  const found = await findCompose(host({ "docker-compose": "1.29.2" }));
  expect(found).toEqual({ program: "docker-compose", prefix: [], version: "1.29.2" });
});

test("a host without any is told what to install", async () => {
  await expect(findCompose(host({}))).rejects.toMatchObject({
    code: "plugin_refused",
    message: expect.stringMatching(/^There is neither 'docker compose' nor 'docker-compose' .* Install one of them/),
  });
});

test("one that is too old is named with what is needed", async () => {
  await expect(findCompose(host({ "docker-compose": "1.25.0" }))).rejects.toThrow(
    "'docker-compose' on the daemon's host is version 1.25.0; 1.28 or newer is needed.",
  );
});
