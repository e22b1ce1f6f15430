import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { imageConfig, type RuntimeConfig } from "./image-archive.ts";

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";

/**
 * A registry with one image, which it has under every name and tag. An engine takes it for a mirror of Docker Hub:
 * `dockerd --registry-mirror=http://<this host>:<port>`.
 */
export class Registry implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** `layer` is a tar of the image's files. */
  static async start(layer: Buffer, runtime: RuntimeConfig): Promise<Registry> {
    const config = blob(Buffer.from(JSON.stringify(imageConfig(layer, runtime))), "container.image.v1+json");
    const files = blob(gzipSync(layer), "image.rootfs.diff.tar.gzip");
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: config.descriptor,
        layers: [files.descriptor],
      }),
    );
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://registry");
      const isManifest = pathname.includes("/manifests/");
      const found = isManifest
        ? manifest
        : [config, files].find(({ descriptor }) => pathname.endsWith(descriptor.digest))?.content;
      if (pathname !== "/v2/" && found === undefined) {
        response.writeHead(404).end();
        return;
      }
      const content = found ?? Buffer.from("{}");
      response.writeHead(200, {
        "content-type": isManifest ? manifestType : "application/octet-stream",
        "content-length": content.length,
        "docker-content-digest": digestOf(content),
      });
      response.end(request.method === "HEAD" ? undefined : content);
    });
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    return new Registry(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const digestOf = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

function blob(content: Buffer, type: string) {
  const mediaType = `application/vnd.docker.${type}`;
  return { content, descriptor: { mediaType, size: content.length, digest: digestOf(content) } };
}
