/**
 * Code for sh, dash, bash, zsh, ksh that succeeds where each of these variables can be set as plain text. A shell evaluates what
 * is assigned to an integer, a reference leads to another variable, a special parameter means something to the shell, and a
 * read-only one ends the whole `eval`; zsh and bash are asked. All in a subshell, so nothing of it stays behind.
 */
export function canBeSet(names: readonly string[]): string {
  return [
    `( for DOCKERSNAP_NAME in ${names.join(" ")}; do`,
    "DOCKERSNAP_TYPE=;",
    // Other shells do not even read what zsh is asked with.
    `if test -n "\${ZSH_VERSION-}"; then eval 'DOCKERSNAP_TYPE=\${(Pt)DOCKERSNAP_NAME-}';`,
    `elif test -n "\${BASH_VERSION-}"; then DOCKERSNAP_TYPE=\`declare -p $DOCKERSNAP_NAME 2>/dev/null\`;`,
    `DOCKERSNAP_TYPE=\${DOCKERSNAP_TYPE%%" $DOCKERSNAP_NAME"*}; fi;`,
    `case $DOCKERSNAP_TYPE in ''|scalar|scalar-local|scalar-export|scalar-local-export|'declare --'|'declare -x') ;;`,
    `*) echo "error: $DOCKERSNAP_NAME is no plain variable of this shell ($DOCKERSNAP_TYPE), so nothing was set. Unset it and try again." >&2;`,
    "exit 1 ;; esac; done )",
  ].join(" ");
}
