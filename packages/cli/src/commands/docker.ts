import { existsSync } from "node:fs";
import { DockersnapError } from "@dockersnap/contract/words";
import { engineSocket, requireRunning, socketProblem } from "../access/engine.ts";
import { instanceArgument, passedOn } from "../arguments.ts";
import { defineCommand } from "../command.ts";

export const docker = defineCommand({
  summary: "Run the docker command line against an instance",
  description:
    "Everything after the name is passed to docker, options included; dockersnap's own options go before the name. The exit\n" +
    "code is docker's. Works only on the daemon's host, where the engine's socket is.",
  args: { name: instanceArgument, words: passedOn("words", "What docker is to do, as it is written behind 'docker'") },
  examples: ["dockersnap docker web ps -a", "dockersnap docker web run --rm alpine date"],
  async run({ args, client, io }) {
    const instance = await client.instances.get(args.name);
    const socket = engineSocket(instance, client.baseUrl);
    requireRunning(instance);
    if (!existsSync(socket)) {
      throw new DockersnapError(
        "not_ready",
        `The engine's socket ${socket} cannot be seen from here. Run this on the daemon's host, as a user who may use it.`,
      );
    }
    const problem = socketProblem(socket);
    if (problem !== undefined) throw new DockersnapError("forbidden", problem);
    // TLS settings are those of another engine, and win over what a socket needs.
    const { DOCKER_TLS: _tls, DOCKER_TLS_VERIFY: _verify, DOCKER_CERT_PATH: _path, ...env } = io.env;
    try {
      return await io.run("docker", args.words, { ...env, DOCKER_HOST: `unix://${socket}` });
    } catch (cause) {
      throw new DockersnapError("internal", "The docker command line cannot be started; is it installed and in PATH?", {
        cause,
      });
    }
  },
});
