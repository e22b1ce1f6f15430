import type { Project, Service } from "./project.ts";
import { roleOf } from "./role.ts";

/** The engine of the host, or whatever listens there: in a container it is still that one. */
const dockerSocket = /\/docker\.sock$/;

/** What works, but may not do what its author expects once there are snapshots, clones and restarts. */
export function warningsAbout(project: Project, services: readonly Service[], keepRunning: boolean): string[] {
  return [
    ...services.flatMap(hostPathWarnings),
    ...project.remoteVolumes.map(
      (name) =>
        `Volume '${name}' keeps its data outside the instance: snapshots do not hold it, and a revert does not bring it back.`,
    ),
    ...services
      .filter(({ usesHostNetwork }) => usesHostNetwork)
      .map(
        ({ name }) =>
          `Service '${name}' uses network_mode: host. That is the network of the instance; what it listens on is not forwarded.`,
      ),
    ...restartWarnings(services, keepRunning),
  ];
}

function hostPathWarnings({ name, hostPaths }: Service): string[] {
  const files = hostPaths.filter((path) => !dockerSocket.test(path));
  const sockets = hostPaths.filter((path) => dockerSocket.test(path));
  return [
    ...(files.length === 0
      ? []
      : [
          `Service '${name}' uses ${files.join(", ")} of the daemon's host. That is outside the instance: snapshots do not hold it, a revert does not bring it back, clones share it, and without it the service does not start again. A named volume or a file copied into the image goes with the instance.`,
        ]),
    ...sockets.map(
      (path) =>
        `Service '${name}' is given ${path}, which is the Docker engine of the host and not that of the instance.`,
    ),
  ];
}

function restartWarnings(services: readonly Service[], keepRunning: boolean): string[] {
  const silent = services.filter((service) => service.restart === undefined && roleOf(service) !== "job");
  const down = services.filter(
    (service) => (service.restart === "no" || service.restart === "none") && roleOf(service) === "server",
  );
  const warnings: string[] = [];
  if (silent.length > 0) {
    const what = `${names(silent)} ${silent.length === 1 ? "names" : "name"} no restart policy`;
    const remedy = 'Write restart: unless-stopped for what should run on, and restart: "no" for what should run once.';
    warnings.push(
      keepRunning
        ? `${what}. What runs when everything is up is given one, so that it comes back after a stop, a revert and on a clone. ${remedy}`
        : `${what}: after a stop, a revert or on a clone it stays down. ${remedy}`,
    );
  }
  if (down.length > 0) {
    warnings.push(
      `${names(down)} must not be restarted, says the file: after a stop, a revert or on a clone it stays down until someone starts it.`,
    );
  }
  return warnings;
}

const names = (services: readonly Service[]) =>
  `${services.length === 1 ? "Service" : "Services"} ${services.map(({ name }) => `'${name}'`).join(", ")}`;
