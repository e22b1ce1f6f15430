import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { busyboxArchive } from "../../echo/busybox.ts";
import { node, page, pod } from "./fake-cluster.ts";

/** A node as kind expects it, but for Kubernetes itself, whose API server is a page of JavaScript behind real certificates. */
export interface NodeImage {
  /** What to hand to `docker import --change`. */
  readonly archive: string;
  readonly changes: readonly string[];
  /** A kind configuration that gives the nodes this host's Node, which the API server needs. */
  readonly config: string;
}

/** What the node says of itself when it has started; kind waits for it. */
const entrypoint = `#!/bin/busybox sh
/bin/busybox mkdir -p /etc/kubernetes
echo 'Reached target Multi-User System.'
if [ -e /etc/kubernetes/admin.conf ]; then /usr/bin/kubeadm; fi
exec /bin/busybox sleep 1000000
`;

const kubeadm = `#!/bin/busybox sh
/bin/busybox cp /kind/admin.conf /etc/kubernetes/admin.conf
/bin/busybox setsid ${process.execPath} /kind/server.mjs /kind/pki > /kind/server.log 2>&1 < /dev/null &
`;

/** The one in the node, which kind asks whether its node is ready. */
const kubectl = `#!/bin/busybox sh
case "$*" in
  *jsonpath*) echo True ;;
  *' -f -') /bin/busybox cat > /dev/null ;;
esac
`;

const server = `
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
const read = (name) => readFileSync(process.argv[2] + "/" + name);
const answers = ${JSON.stringify({
  "/readyz": "ok",
  "/api/v1/nodes": JSON.stringify(page([node("real-control-plane")])),
  "/api/v1/pods": JSON.stringify(page([pod("kube-system/etcd"), pod("default/web")])),
})};
createServer(
  { ca: read("ca.crt"), cert: read("server.crt"), key: read("server.key"), requestCert: true, rejectUnauthorized: true },
  (request, response) => {
    const answer = answers[request.url.split("?")[0]];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(answer);
  },
).listen(6443);
`;

const applets = ["sh", "cat", "cp", "mkdir", "ls", "rm", "sleep", "echo", "test", "true", "chmod", "tee"];

/** Makes the image's files in `folder`. */
export async function prepareNodeImage(folder: string): Promise<NodeImage> {
  const root = join(folder, "root");
  for (const path of ["bin", "usr/bin", "kind/pki", "kind/manifests", "etc/kubernetes", "root"]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  const archive = await busyboxArchive();
  if (archive === undefined) throw new Error("This test needs a static busybox in PATH (busybox-static).");
  await pipeline(archive, createWriteStream(join(folder, "busybox.tar")));
  execFileSync("tar", ["-C", root, "-xf", join(folder, "busybox.tar"), "bin/busybox"]);
  for (const applet of applets) execFileSync("ln", ["-sf", "busybox", join(root, "bin", applet)]);
  const scripts = { "kind/entrypoint": entrypoint, "usr/bin/kubeadm": kubeadm, "usr/bin/kubectl": kubectl };
  for (const [path, content] of Object.entries(scripts)) writeFileSync(join(root, path), content, { mode: 0o755 });
  writeFileSync(join(root, "kind/version"), "v1.31.2");
  for (const name of ["default-cni", "default-storage"]) {
    writeFileSync(join(root, `kind/manifests/${name}.yaml`), "kind: List\n");
  }
  writeFileSync(join(root, "kind/server.mjs"), server);
  writeFileSync(join(root, "kind/admin.conf"), makeCertificates(join(root, "kind/pki")));
  execFileSync("tar", ["-C", root, "-cf", join(folder, "node.tar"), "."]);
  const config = join(folder, "kind.yaml");
  writeFileSync(config, kindConfig());
  return {
    archive: join(folder, "node.tar"),
    changes: ['ENTRYPOINT ["/kind/entrypoint"]', "ENV PATH=/usr/bin:/bin"],
    config,
  };
}

/** An authority, and of it a server's certificate as kubeadm names it and a client's; the client's kubeconfig. */
function makeCertificates(folder: string): string {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=kubernetes", "-days", "2");
  for (const [name, extension] of [
    ["server", "subjectAltName=DNS:kubernetes"],
    ["client", "extendedKeyUsage=clientAuth"],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const issuer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.crt`, ...issuer);
  }
  const data = (file: string) => execFileSync("base64", ["-w0", file], { cwd: folder, encoding: "utf8" });
  return `apiVersion: v1
kind: Config
clusters:
- name: real
  cluster:
    certificate-authority-data: ${data("ca.crt")}
    server: https://real-control-plane:6443
contexts:
- name: kubernetes-admin@real
  context: {cluster: real, user: kubernetes-admin}
current-context: kubernetes-admin@real
users:
- name: kubernetes-admin
  user:
    client-certificate-data: ${data("client.crt")}
    client-key-data: ${data("client.key")}
`;
}

function kindConfig(): string {
  const folders = ["/lib", "/lib64", "/usr/lib", dirname(process.execPath)].filter((path) => existsSync(path));
  const mounts = folders.map((path) => `  - {hostPath: ${path}, containerPath: ${path}, readOnly: true}\n`);
  return `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  extraMounts:
${mounts.join("")}`;
}
