import type { Docker } from "@dockersnap/plugin-sdk";

/** The container's name on the instance's engine. */
export const echoContainer = "echo";

export interface EchoOptions {
  readonly image: string;
  readonly text: string;
  readonly port: number;
}

/**
 * Serves `text` on `port`, inside and outside the container alike, and comes back whenever the engine does. A container
 * of an earlier deploy is replaced. The volume `echo-data` at `/data` is for whatever should be seen to go back with a
 * revert.
 */
export async function runEchoContainer(docker: Docker, options: EchoOptions): Promise<void> {
  const container = await createReplacing(docker, {
    name: echoContainer,
    Image: options.image,
    Cmd: [`-listen=:${options.port}`, `-text=${options.text}`],
    ExposedPorts: { [`${options.port}/tcp`]: {} },
    Labels: { [`dockersnap.port.${options.port}`]: "echo" },
    HostConfig: {
      PortBindings: { [`${options.port}/tcp`]: [{ HostPort: String(options.port) }] },
      RestartPolicy: { Name: "always" },
      Mounts: [{ Type: "volume", Source: "echo-data", Target: "/data" }],
    },
  });
  await container.start();
}

async function createReplacing(docker: Docker, options: Docker.ContainerCreateOptions): Promise<Docker.Container> {
  try {
    return await docker.createContainer(options);
  } catch (error) {
    if (!isConflict(error)) throw error;
    await docker.getContainer(echoContainer).remove({ force: true });
    return docker.createContainer(options);
  }
}

const isConflict = (error: unknown) => error instanceof Error && "statusCode" in error && error.statusCode === 409;
