import { script } from "@bomb.sh/tab";

const program = "dockersnap";

/** The code a shell reads to complete this program's words. */
export function completionScript(shell: string): string {
  return shell === "bash" ? bash : fromLibrary(shell);
}

/** The library prints its scripts, so what it prints is caught; nothing else runs meanwhile. */
function fromLibrary(shell: string): string {
  let text = "";
  const { log } = console;
  console.log = (line: unknown) => {
    text += `${line}\n`;
  };
  try {
    script(shell, program, program);
  } finally {
    console.log = log;
  }
  return text;
}

/**
 * The library's own for bash needs the bash-completion package, runs the line typed so far through eval, and takes `@` for the
 * end of a word.
 */
const bash = `# bash completion for ${program}
_${program}_complete() {
  local line="\${COMP_LINE:0:COMP_POINT}" current="\${COMP_WORDS[COMP_CWORD]}" out reply value prefix directive
  local -a words
  IFS=$' \\t\\n' read -r -a words <<< "$line"
  case "$line" in *[[:blank:]]) words+=("") ;; esac
  local last="\${words[\${#words[@]}-1]}"
  # bash ends a word at = and @ and :, so only what follows the last of them is replaced.
  current="\${current:0:\${#last}}"
  case "$current" in =|@|:) current="" ;; esac
  prefix="\${last%"$current"}"
  out="$("$1" complete -- "\${words[@]:1}" 2>/dev/null)" || return
  directive="\${out##*:}"
  out="\${out%:*}"
  COMPREPLY=()
  while IFS= read -r reply; do
    value="\${reply%%$'\\t'*}"
    [ -n "$value" ] || continue
    COMPREPLY+=("\${value#"$prefix"}")
  done <<< "$out"
  if type compopt >/dev/null 2>&1; then
    if (( directive & 2 )); then compopt -o nospace; fi
    if (( (directive & 4) == 0 )); then compopt -o default; fi
  fi
}
complete -F _${program}_complete ${program}
`;
