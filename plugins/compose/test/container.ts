import type { ServiceContainer } from "../engine/container.ts";

/** A container that serves something and runs. */
export const container = (change: Partial<ServiceContainer> = {}): ServiceContainer => ({
  id: "0123456789abcdef",
  name: "demo-web-1",
  service: "web",
  number: 1,
  image: "web",
  imageId: "sha256:web",
  state: "running",
  exitCode: 0,
  restartCount: 0,
  startedAt: 0,
  error: "",
  health: undefined,
  lastProbe: "",
  restartPolicy: "no",
  role: "server",
  siblings: ["web"],
  ports: [],
  runs: { entrypoint: [], command: ["serve"], exposes: false },
  ...change,
});
