import type { Plugin } from "esbuild";

/**
 * Leaves out what dockerode needs only for engines behind SSH and for BuildKit sessions (ssh2, gRPC, protobuf: three
 * quarters of its size, and native code). An instance's engine is always a socket.
 */
export const withoutRemoteDocker: Plugin = {
  name: "without-remote-docker",
  setup(build) {
    build.onResolve({ filter: /^\.\/(ssh|session|buildkit)$/ }, ({ path, importer }) =>
      /[\\/](docker-modem|dockerode)[\\/]lib[\\/]/.test(importer) ? { path, namespace: "left-out" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `
        const leftOut = () => { throw new Error("A bundled plugin has no Docker over SSH and no BuildKit sessions (${path})."); };
        module.exports = leftOut;
        leftOut.followProgress = leftOut;`,
      loader: "js",
    }));
  },
};
