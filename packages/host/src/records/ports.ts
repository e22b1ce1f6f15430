import { DockersnapError } from "@dockersnap/contract/words";
import type { Records } from "@dockersnap/core";
import type { Database } from "./database.ts";
import { portFrom } from "./rows.ts";
import { refuseUnknownInstance } from "./snapshots.ts";

export function portsTable(database: Database): Records["ports"] {
  const order = "ORDER BY instance, protocol, container_port";
  return {
    all: () => database.rows(`SELECT * FROM ports ${order}`).map((row) => portFrom(row, database.path)),
    of: (instance) =>
      database
        .rows(`SELECT * FROM ports WHERE instance = :instance ${order}`, { instance })
        .map((row) => portFrom(row, database.path)),
    reserve: ({ instance, protocol, containerPort, hostPort }) =>
      database.transaction(() => {
        refuseUnknownInstance(database, instance);
        const holder = database.row(
          `SELECT instance FROM ports WHERE protocol = :protocol AND host_port = :hostPort
           AND NOT (instance = :instance AND container_port = :containerPort)`,
          { instance, protocol, containerPort, hostPort },
        );
        if (holder !== undefined) {
          throw new DockersnapError(
            "already_exists",
            `Port ${hostPort}/${protocol} of the host is kept for '${holder.instance}'.`,
          );
        }
        database.run(
          `INSERT INTO ports (instance, protocol, container_port, host_port)
           VALUES (:instance, :protocol, :containerPort, :hostPort)
           ON CONFLICT (instance, protocol, container_port) DO UPDATE SET host_port = excluded.host_port`,
          { instance, protocol, containerPort, hostPort },
        );
      }),
    release: (instance, protocol, containerPort) =>
      database.run(
        `DELETE FROM ports WHERE instance = :instance AND protocol = :protocol AND container_port = :containerPort`,
        { instance, protocol, containerPort },
      ),
  };
}
