import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { buffer } from "node:stream/consumers";

/**
 * One end of a conversation, run inside some network namespace. `serve` answers each line with its label, the client's
 * address and the line; `ask` sends the lines of its standard input and prints each answer as it comes.
 */
const [role = "", protocol = "", address = "", port = "", label = ""] = process.argv.slice(2);

function serveTcp(): void {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => socket.write(`${label} ${socket.remoteAddress} ${data}`));
  });
  server.listen({ host: address, port: Number(port) }, () => process.stdout.write("ready\n"));
}

function serveUdp(): void {
  const socket = createSocket("udp4");
  socket.on("message", (data, client) =>
    socket.send(`${label} ${client.address} ${data}`, client.port, client.address),
  );
  socket.bind(Number(port), address, () => process.stdout.write("ready\n"));
}

/** Sends back what comes, as it comes, and ends when the client has. */
function serveStream(): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen({ host: address, port: Number(port) }, () => process.stdout.write("ready\n"));
}

/** Sends back what has come once the client has sent its end. */
function serveWhole(): void {
  const server = createServer({ allowHalfOpen: true }, async (socket) => socket.end(await buffer(socket)));
  server.listen({ host: address, port: Number(port) }, () => process.stdout.write("ready\n"));
}

/** On `label` connections at once, a megabyte there and back; prints how many came back as they were sent. */
async function sendMegabytes(): Promise<void> {
  const connections = Array.from({ length: Number(label) }, async () => {
    const socket = connect({ host: address, port: Number(port), allowHalfOpen: true });
    const sent = randomBytes(1_048_576);
    socket.end(sent);
    return sent.equals(await buffer(socket));
  });
  const ends = await Promise.allSettled(connections);
  process.stdout.write(`${ends.filter((end) => end.status === "fulfilled" && end.value).length}\n`);
}

/** Listens for a moment, and prints what came of it. */
function tryToListen(): void {
  const server = createServer();
  server.on("error", (error: NodeJS.ErrnoException) => fail(error));
  server.listen({ host: address, port: Number(port) }, () => server.close(() => process.stdout.write("free\n")));
}

function askTcp(): void {
  const socket = connect({ host: address, port: Number(port) });
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  socket.on("error", (error: NodeJS.ErrnoException) => fail(error));
}

function askUdp(): void {
  const socket = createSocket("udp4");
  // That nobody listens yet is told by the answer to the next packet; the client goes on.
  socket.on("error", (error: NodeJS.ErrnoException) => process.stdout.write(`${error.code}\n`));
  socket.on("message", (data) => process.stdout.write(data));
  socket.connect(Number(port), address, () => process.stdin.on("data", (data) => socket.send(data)));
}

/** A source of zeros that is cut off after `label` bytes, and its sink, which prints how long that took. */
function serveBytes(): void {
  const chunk = Buffer.alloc(256 * 1024);
  const server = createServer((socket) => {
    let left = Number(label);
    const more = () => {
      while (left > 0) {
        left -= chunk.length;
        if (!socket.write(chunk)) return socket.once("drain", more);
      }
      return socket.end();
    };
    more();
  });
  server.listen({ host: address, port: Number(port) }, () => process.stdout.write("ready\n"));
}

function takeBytes(): void {
  const begun = performance.now();
  let bytes = 0;
  const socket = connect({ host: address, port: Number(port) });
  socket.on("data", (data) => {
    bytes += data.length;
  });
  socket.on("end", () => process.stdout.write(`${bytes} ${performance.now() - begun}\n`));
}

function fail(error: NodeJS.ErrnoException): void {
  process.stdout.write(`${error.code}\n`);
  process.exit(1);
}

const roles: Record<string, () => void | Promise<void>> = {
  "serve tcp": serveTcp,
  "serve udp": serveUdp,
  "ask tcp": askTcp,
  "ask udp": askUdp,
  "serve bytes": serveBytes,
  "serve stream": serveStream,
  "serve whole": serveWhole,
  "send megabytes": sendMegabytes,
  "try tcp": tryToListen,
  "take bytes": takeBytes,
};
await roles[`${role} ${protocol}`]?.();
