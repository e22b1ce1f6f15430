import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import { linesOf } from "../support/connection.ts";
import type { Database, Running } from "./database.ts";
import { debianRoot, importRoot } from "./debian-root.ts";
import { run } from "./run.ts";
import { type Session, sessionWriter } from "./session-writer.ts";
import { untilSucceeds } from "./until.ts";

const container = "redis";
const image = "dockersnap-tests/redis:1";
const inside = 6379;
const port = 6379;

const common = ["--dir", "/data", "--protected-mode", "no"];

/** Every write is on the disk before it is acknowledged. */
const durable = [...common, "--appendonly", "yes", "--appendfsync", "always"];

/** Nothing is on the disk but what somebody saves. */
const volatile = [...common, "--appendonly", "no", "--save", ""];

/** A plugin of nothing but hooks that hold such a Redis still while a snapshot is taken, with all it knows on the disk. */
const quiescing = `#!/bin/sh
complete() { printf '{"step":"complete","status":"done"}\\n'; }
redis() { docker --host "unix://$socket" exec ${container} redis-cli "$@" >/dev/null; }
case $1 in
  schema)
    echo '{"contract_version":"1","plugin_name":"quiesced","plugin_version":"1.0.0","hooks":["pre_snapshot","post_snapshot"]}'
    exit ;;
  init) exit ;;
esac
socket=$(sed -n 's/.*"socket":"\\([^"]*\\)".*/\\1/p')
case $1 in
  validate) echo '{"contract_version":"1","valid":true}' ;;
  pre_snapshot) redis client pause 30000 write && redis save && complete ;;
  # After a stop it takes a moment to come up, and tells nobody.
  post_snapshot) until redis client unpause; do sleep 0.05; done; complete ;;
  deploy | teardown) complete ;;
  *) exit 64 ;;
esac
`;

/** Lines of the answer to one command; Redis takes words in plain text and answers in lines. */
async function connect(instance: Running): Promise<Session & { ask(words: string, lines: number): Promise<string[]> }> {
  const socket: Socket = dial({ host: instance.address, port: await instance.hostPort(port) });
  await once(socket, "connect");
  const answers = linesOf(socket);
  const next = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Error("Redis hung up.");
    if (value.startsWith("-")) throw new Error(`Redis refused: ${value}`);
    return value;
  };
  const ask = async (words: string, lines: number) => {
    socket.write(`${words}\r\n`);
    const got: string[] = [];
    while (got.length < lines) got.push(await next());
    return got;
  };
  return {
    ask,
    async write(value) {
      await ask(`SADD numbers ${value}`, 1);
    },
    async close() {
      socket.destroy();
    },
  };
}

export const redis = () => redisServing(durable);

/** It loses all that was written since it was last saved, so only its hooks can bring it through. */
export async function quiescedRedis(): Promise<Database> {
  return { ...(await redisServing(volatile)), plugin: { name: "quiesced", script: quiescing } };
}

async function redisServing(serve: readonly string[]): Promise<Database> {
  const root = await debianRoot(["redis-server", "redis-tools"]);
  const untilReady = (instance: Running) =>
    untilSucceeds(async () => {
      const session = await connect(instance);
      try {
        // It refuses everything else while it loads.
        await session.ask("SCARD numbers", 1);
      } finally {
        await session.close();
      }
    });
  return {
    async start(instance) {
      await importRoot(root, instance.socket, image);
      const words = ["run", "--detach", "--name", container, "--restart", "always", "--volume", "numbers:/data"];
      const command = [image, "/usr/bin/redis-server", ...serve];
      const to = ["--host", `unix://${instance.socket}`];
      await run("docker", [...to, ...words, "--publish", `${port}:${inside}`, ...command]);
      await untilReady(instance);
    },
    untilReady,
    write: (instance, after) => sessionWriter(after, () => connect(instance)),
    async read(instance) {
      const session = await connect(instance);
      try {
        const [count = "0"] = await session.ask("SCARD numbers", 1);
        const members = Number(count.slice(1));
        // The length of the list, then a length and a value for each.
        const lines = await session.ask("SMEMBERS numbers", 1 + 2 * members);
        return new Set(
          lines
            .slice(1)
            .filter((_, index) => index % 2 === 1)
            .map(Number),
        );
      } finally {
        await session.close();
      }
    },
  };
}
