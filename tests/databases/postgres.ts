import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { cleanEnvironment } from "../support/world.ts";
import type { Database, Running } from "./database.ts";
import { databaseUser, debianRoot, importRoot, postgresPackage } from "./debian-root.ts";
import { run } from "./run.ts";
import { type Session, sessionWriter } from "./session-writer.ts";
import { untilSucceeds } from "./until.ts";

const container = "postgres";
const image = "dockersnap-tests/postgres:1";

/**
 * Checksums, so that a page that was torn is an error when it is read. `$1` is where Debian keeps this version's programs.
 */
const serve = `set -e
[ -s /data/PG_VERSION ] || "$1/initdb" --pgdata /data --data-checksums --locale C --encoding UTF8 --auth trust --username postgres
exec "$1/postgres" -D /data -c listen_addresses= -c unix_socket_directories=/tmp -c jit=off -c timezone=GMT -c log_timezone=GMT`;

const docker = (socket: string, words: readonly string[]) => ["--host", `unix://${socket}`, ...words];

export async function postgres(): Promise<Database> {
  const server = await postgresPackage();
  const root = await debianRoot([server, server.replace("postgresql-", "postgresql-client-"), "tzdata"]);
  const programs = `/usr/lib/postgresql/${server.replace("postgresql-", "")}/bin`;
  const psql = [`${programs}/psql`, "--host=/tmp", "--username=postgres", "--quiet", "--no-align", "--tuples-only"];
  const query = async ({ socket }: Running, sql: string) =>
    (await run("docker", docker(socket, ["exec", container, ...psql, "--set=ON_ERROR_STOP=1", "--command", sql])))
      .stdout;

  async function connect({ socket }: Running): Promise<Session> {
    const client = spawn("docker", docker(socket, ["exec", "--interactive", container, ...psql]), {
      env: cleanEnvironment(),
      stdio: ["pipe", "pipe", "ignore"],
    });
    const exited = once(client, "exit");
    client.stdin.on("error", () => undefined);
    const answers = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
    return {
      async write(value) {
        client.stdin.write(`INSERT INTO numbers VALUES (${value}) RETURNING value;\n`);
        const { value: answer, done } = await answers.next();
        if (done || answer !== String(value)) throw new Error(`PostgreSQL answered ${answer} to ${value}.`);
      },
      async close() {
        client.stdin.end();
        client.kill("SIGKILL");
        await exited;
      },
    };
  }

  async function untilReady(instance: Running): Promise<void> {
    try {
      await untilSucceeds(() => query(instance, "SELECT 1"));
    } catch (cause) {
      const { stdout, stderr } = await run("docker", docker(instance.socket, ["logs", "--tail", "20", container]));
      throw new Error(`PostgreSQL did not come up. It said: ${stdout}${stderr}`, { cause });
    }
  }

  return {
    async start(instance) {
      await importRoot(root, instance.socket, image);
      const words = ["run", "--detach", "--name", container, "--restart", "always", "--user", String(databaseUser)];
      // Its "fast" shutdown: with SIGTERM it would wait for its clients to leave.
      const stop = ["--stop-signal", "SIGINT"];
      const command = [image, "/bin/sh", "-c", serve, "sh", programs];
      const volume = ["--volume", "numbers:/data"];
      await run("docker", docker(instance.socket, [...words, ...stop, ...volume, ...command]));
      await untilReady(instance);
      await query(instance, "CREATE TABLE numbers (value bigint PRIMARY KEY)");
    },
    untilReady,
    write: (instance, after) => sessionWriter(after, () => connect(instance)),
    async read(instance) {
      const lines = (await query(instance, "SELECT value FROM numbers")).trim().split("\n");
      return new Set(lines.filter(Boolean).map(Number));
    },
  };
}
