/** Names of the variables `use` set in this shell, separated by colons, so that whatever they were can be undone. */
export const exportedNames = "DOCKERSNAP_EXPORTED";

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Variables by which a shell or the dynamic loader decides what to run or how to read its own input, and those a shell refuses
 * to have set (which would end the whole `eval`). No workload has business with them.
 */
const refused = new Set(
  [
    "PATH IFS ENV BASH_ENV SHELLOPTS BASHOPTS PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 CDPATH FPATH ZDOTDIR HOME PWD OLDPWD SHELL",
    "UID EUID GID EGID PPID USERNAME LOGNAME USER OPTIND OPTARG OPTERR HISTFILE HISTCMD LINENO FUNCNAME GROUPS DIRSTACK",
    "RANDOM SRANDOM SECONDS EPOCHSECONDS EPOCHREALTIME SHLVL TTYIDLE ERRNO MAIL MAILPATH TERM LANG POSIXLY_CORRECT",
    // zsh ties these to the ones above, or keeps them for itself; fish keeps some of them too.
    "path fpath cdpath manpath mailpath module_path fignore psvar argv status pipestatus prompt PROMPT PROMPT2 PROMPT3 PROMPT4",
    "RPROMPT RPS1 signals options commands functions aliases parameters history version hostname umask fish_pid FISH_VERSION",
    "watch WATCH LINES COLUMNS NULLCMD READNULLCMD KEYTIMEOUT ARGC ZSH_SUBSHELL HISTSIZE SAVEHIST histchars HISTCHARS _",
    exportedNames,
  ].flatMap((line) => line.split(" ")),
);

const refusedPrefix = /^(LD_|DYLD_|BASH_|fish_|GCONV_|NODE_OPTIONS$)/;

/** Why a variable is not exported, or undefined when it may be. */
export function refusal(name: string, value: string): string | undefined {
  if (!namePattern.test(name)) return "it is not a variable's name";
  if (refused.has(name) || refusedPrefix.test(name)) return "shells act on it themselves";
  if (value.includes("\0")) return "its value holds a NUL character";
  return undefined;
}

/** The names an earlier `use` left in the environment. */
export function exportedIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return namesIn(env[exportedNames]?.split(":") ?? []);
}

/** Of words from a file or the environment, those that `use` may have exported. */
export function namesIn(words: readonly unknown[]): string[] {
  return words.filter((word): word is string => typeof word === "string" && refusal(word, "") === undefined);
}
