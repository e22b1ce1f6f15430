import { word } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { bytesOf } from "../config/size.ts";
import { UsageError } from "../failure.ts";
import { showPool } from "./pool-show.ts";

export const poolGrow = defineCommand({
  summary: "Make the daemon's own pool larger, while it is in use",
  description:
    "The file takes what is written to it, so it may be larger than what the disk has free now. It never shrinks.",
  args: {
    size: word("size", "The new size of the whole pool, such as 200G, or with + how much is added, such as +50G"),
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
