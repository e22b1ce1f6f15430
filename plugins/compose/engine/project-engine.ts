import type { Docker } from "@dockersnap/plugin-sdk";
import { isOfService, projectFilter, type Runs, readContainer, readRuns, type ServiceContainer } from "./container.ts";
import { readLog } from "./log.ts";

/** What the engine knows of a project. */
export interface ProjectEngine {
  /** By service and number. */
  containers(): Promise<ServiceContainer[]>;
  /** What an image starts by itself. */
  image(id: string): Promise<Runs>;
  /** From now on, also for a container that runs. */
  setRestartPolicy(id: string, policy: "unless-stopped" | "on-failure"): Promise<void>;
  /** The end of what a container printed. */
  lastWords(id: string): Promise<string>;
}

const linesOfLog = 10;

export function projectEngine(docker: Docker, project: string): ProjectEngine {
  return {
    async containers() {
      const all = await docker.listContainers({ all: true, filters: { label: projectFilter(project) } });
      const read = await Promise.all(all.filter(isOfService).map((summary) => inspect(docker, summary)));
      return read
        .filter((container) => container !== undefined)
        .sort((a, b) => a.service.localeCompare(b.service) || a.number - b.number);
    },
    async image(id) {
      return readRuns((await docker.getImage(id).inspect()).Config ?? {});
    },
    async setRestartPolicy(id, policy) {
      await docker.getContainer(id).update({ RestartPolicy: { Name: policy } });
    },
    async lastWords(id) {
      const log = await docker.getContainer(id).logs({ stdout: true, stderr: true, tail: linesOfLog, follow: false });
      return readLog(log);
    },
  };
}

/** Undefined for one that went in the meantime. */
async function inspect(docker: Docker, summary: Docker.ContainerInfo): Promise<ServiceContainer | undefined> {
  try {
    return readContainer(summary, await docker.getContainer(summary.Id).inspect());
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
    throw error;
  }
}
