import * as z from "zod";

export const PortProtocol = z.enum(["tcp", "udp"]);
export type PortProtocol = z.infer<typeof PortProtocol>;

export const PortMapping = z.object({
  /** Listening on the daemon's host. */
  host_port: z.int(),
  /** Dialled in the instance's network namespace. */
  container_port: z.int(),
  /** Inside the container. */
  in_container_port: z.int(),
  protocol: PortProtocol,
  /** The port's label, stable for one container port. */
  description: z.string(),
  /** The name of the container that publishes it. */
  container: z.string().optional(),
  /** The Compose service that container belongs to. */
  service: z.string().optional(),
  /** The port that was published, where another one had to be handed out. */
  requested_host_port: z.int().optional(),
  /** Published on a loopback address: it answers on the daemon's host alone, at its loopback. */
  loopback: z.literal(true).optional(),
  /** Published on `::1`: it answers at `[::1]` of the daemon's host, and at no other address or at those of IPv4 too. */
  ipv6_loopback: z.enum(["only", "too"]).optional(),
});
export type PortMapping = z.infer<typeof PortMapping>;

export const InstancePorts = z.object({
  instance: z.string(),
  target_ip: z.string(),
  ports: z.array(PortMapping),
  /** A sentence for each published port that is not had as it was published, and for whatever is in the way of any. */
  problems: z.array(z.string()).optional(),
});
export type InstancePorts = z.infer<typeof InstancePorts>;
