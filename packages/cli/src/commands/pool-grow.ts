import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { bytesOf } from "../config/size.ts";
import { UsageError } from "../failure.ts";
import { showPool } from "./pool-show.ts";

export const poolGrow = defineCommand({
  summary: "Enlarge the daemon's own pool while it is in use",
  description:
    "The pool's file only takes the disk space that is written to it, so it may be larger than the disk's free space. A pool never shrinks.",
  args: {
    size: word("size", "New size of the whole pool, such as 200G, or how much to add, such as +50G"),
  },
  examples: ["dockersnap pool grow 200G", "dockersnap pool grow +50G"],
  async run({ args, client, out }) {
    const added = args.size.startsWith("+");
    const bytes = bytesOf(args.size.slice(added ? 1 : 0));
    if (bytes === undefined || bytes === 0) {
      throw new UsageError(`'${args.size}' is not a size: expected one such as 200G, or +50G.`);
    }
    const total = added ? (await client.pool.get()).total_bytes + bytes : bytes;
    await showPool(await client.pool.grow({ size_bytes: total }), out);
  },
});
