import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { repository } from "../support/repository.ts";

const execute = promisify(execFile);

/** What the set-up says of npm's registry before it asks npm for anything. */
async function said(registry: string): Promise<string> {
  // Both what brings Node and what brings the libraries ask for it.
  const script = '. "$1"; warn_of_registry; warn_of_registry; echo "and goes on"';
  const { stdout } = await execute(
    "bash",
    ["-euo", "pipefail", "-c", script, "-", join(repository, "scripts/lib/setup.sh")],
    {
      env: { ...process.env, npm_config_registry: registry, npm_config_proxy: "", npm_config_https_proxy: "" },
    },
  );
  return stdout.replaceAll(/\s+/g, " ");
}

/** A registry that answers everything with this. */
async function registry(status: number) {
  const server = createServer((_request, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end("{}"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

it.each([200, 404, 500])("says nothing of a registry that answers a ping with %i", async (status) => {
  await using there = await registry(status);
  expect(await said(`http://${there.address}`)).toBe("and goes on ");
});

it("tells once of a registry that is not there, without the password in its address, and goes on", async () => {
  const gone = await registry(200);
  await gone[Symbol.asyncDispose]();
  const words = await said(`http://someone:secret@${gone.address}`);
  expect(words).toMatch(/^ npm's registry cannot be reached \(ECONNREFUSED\)\. .* and run it again\. and goes on $/);
  expect(words.match(/cannot be reached/g)).toHaveLength(1);
  expect(words).not.toContain("secret");
});
