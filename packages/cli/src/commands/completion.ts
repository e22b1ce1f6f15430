import { oneOf } from "../arguments.ts";
import { defineCommand } from "../command.ts";

const shells = ["bash", "zsh", "fish", "powershell"];

export const completion = defineCommand({
  summary: "Print the shell completion script",
  args: { shell: oneOf("shell", "The shell", shells) },
  examples: [
    'eval "$(dockersnap completion bash)"',
    "dockersnap completion zsh > ~/.zfunc/_dockersnap",
    "dockersnap completion fish > ~/.config/fish/completions/dockersnap.fish",
  ],
  async run({ args, io }) {
    const { completionScript } = await import("../completion/scripts.ts");
    io.stdout.writeExactly(completionScript(args.shell));
  },
});
