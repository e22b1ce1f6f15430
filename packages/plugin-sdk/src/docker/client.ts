import { DockersnapError } from "@dockersnap/contract/words";
import type Docker from "dockerode";
import { loadDockerode } from "./load.ts";

/** A client on this socket and no other, whatever `DOCKER_HOST` and its relatives say. */
export function dockerOn(socketPath: string): Docker {
  if (socketPath === "") throw new DockersnapError("internal", "The input names no engine socket for this instance.");
  const Client = loadDockerode();
  // The client lets the environment's host win over a socket path unless the host is overwritten too.
  const nowhere = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined };
  return new Client({ ...nowhere, pathPrefix: undefined, socketPath, protocol: "http" } as Docker.DockerOptions);
}
