/**
 * Keys of the dockersnap daemon that was written in Go and that its configuration files hold: what each is about has no
 * place here. A file with them starts this daemon as well, and each is warned of once.
 */
const foreignKeys: Readonly<Record<string, string>> = {
  "zfs.arc_max_bytes": "this daemon does not set the size of the ZFS cache",
  "network.range": "the instances' subnets follow each other from network.base_offset on",
  "network.host_interface": "the instances' traffic leaves by the route that this machine has for it",
  state_file: "the records are kept in state_dir, and the instances in that file are not taken over",
};

/** Why a key has no effect here; undefined for one that nobody knows. */
export function foreignKey(name: string): string | undefined {
  return Object.hasOwn(foreignKeys, name) ? foreignKeys[name] : undefined;
}
