import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Whether any socket of the host has this port, on whatever address. Found by taking the port on all addresses for a
 * moment: that costs the same on a host with a hundred thousand connections, where reading /proc/net/tcp takes seconds.
 */
export async function isListening(port: number, protocol: "tcp" | "udp"): Promise<boolean> {
  for (const family of ["IPv6", "IPv4"] as const) {
    try {
      await (protocol === "tcp" ? bindTcp(port, family) : bindUdp(port, family));
      return false;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EADDRINUSE") return true;
      // A kernel without IPv6 has no socket for both families at once.
      const lacksFamily = code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL";
      if (family !== "IPv6" || !lacksFamily) throw error;
    }
  }
  return false;
}

async function bindTcp(port: number, family: "IPv4" | "IPv6"): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ port, host: family === "IPv6" ? "::" : "0.0.0.0", exclusive: true });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

async function bindUdp(port: number, family: "IPv4" | "IPv6"): Promise<void> {
  const socket = createSocket(family === "IPv6" ? "udp6" : "udp4");
  socket.bind({ port, address: family === "IPv6" ? "::" : "0.0.0.0", exclusive: true });
  try {
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.close();
  await once(socket, "close");
}
