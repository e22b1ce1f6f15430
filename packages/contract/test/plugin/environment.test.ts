import { spawnSync } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { environmentNameProblem } from "../../src/words.ts";

// Shells are started, on machines that may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

/** What a shell prints that begins with nothing but PATH and HOME. */
function printed(program: string, ...args: string[]): string[] {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent" };
  const { stdout, error } = spawnSync(program, args, { env, encoding: "utf8", timeout: 30_000 });
  expect(error).toBeUndefined();
  return stdout.split("\n").filter((line) => line !== "");
}

const modules =
  "attr cap clone compctl complete complist computil curses datetime db/gdbm deltochar files hlgroup ksh93 langinfo mapfile mathfunc nearcolor net/socket net/tcp newuser param/private parameter pcre private random regex rlimits sched stat system tcp termcap terminfo watch zftp zle zleparameter zprof zpty zselect zutil";
const loadAll = `for m in ${modules}; do zmodload zsh/$m 2>/dev/null; done; unset m;`;

const listAll = "print -l -r -- $parameters[(I)*]";

const shells: [string, string[]][] = [
  ["zsh", ["zsh", "-f", "-c", listAll]],
  ["an interactive zsh", ["zsh", "-f", "-i", "-c", listAll]],
  ["zsh with every module", ["zsh", "-f", "-c", `${loadAll} ${listAll}`]],
  ["bash", ["bash", "--norc", "-c", "compgen -v"]],
  ["an interactive bash", ["bash", "--norc", "-i", "-c", "compgen -v"]],
  [
    "bash, the read-only ones",
    ["bash", "--norc", "-c", "readonly -p | sed -E 's/^declare -[a-zA-Z]+ ([A-Za-z_0-9]+).*/\\1/'"],
  ],
  ["fish", ["fish", "--no-config", "-c", "set --names"]],
  ["an interactive fish", ["fish", "--no-config", "-i", "-c", "set --names"]],
  ["dash", ["dash", "-c", "set | sed -n 's/=.*//p'"]],
  ["busybox", ["busybox", "sh", "-c", "set | sed -n 's/=.*//p'"]],
];

describe("a variable that a plugin wants to set", () => {
  it.each(shells)("is refused where its name is one that %s keeps for itself", (_shell, [program = "", ...args]) => {
    const names = printed(program, ...args).filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => environmentNameProblem(name) === undefined)).toEqual([]);
  });

  it.each([
    "FUNCNEST HISTSIZE LISTMAX MAILCHECK PERIOD REPORTTIME SAVEHIST TMOUT KEYTIMEOUT COLUMNS LINES BAUD DIRSTACKSIZE",
    "precmd_functions chpwd_functions preexec PROMPT RPROMPT PS4 BUFFER region_highlight",
    "BASH_ENV BASH_FUNC_x PROMPT_COMMAND GLOBIGNORE EXECIGNORE INPUTRC COMP_WORDBREAKS READLINE_LINE LC_ALL",
    "ENV IFS PATH HOME SHELL EXECSHELL _ fish_function_path __fish_config_dir",
    "LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES GCONV_PATH GLIBC_TUNABLES HOSTALIASES",
    "PYTHONPATH PYTHONSTARTUP NODE_OPTIONS NODE_PATH PERL5OPT PERL5LIB PERLLIB RUBYOPT RUBYLIB JAVA_TOOL_OPTIONS _JAVA_OPTIONS",
    "LUA_INIT PHPRC GOFLAGS CARGO_HOME RUSTC_WRAPPER MAKEFLAGS CLASSPATH DOTNET_STARTUP_HOOKS npm_config_registry",
    "GIT_SSH_COMMAND GIT_EXEC_PATH GIT_CONFIG_COUNT SSH_ASKPASS LESSOPEN PAGER EDITOR VISUAL XDG_CONFIG_HOME PSQLRC KUBE_EDITOR",
    "DOCKERSNAP_REMOTE DOCKERSNAP_TOKEN DOCKERSNAP_EXPORTED DOCKERSNAP_ANYTHING DOCKER_CONFIG DOCKER_CONTEXT DOCKER_CERT_PATH",
  ])("is refused where a shell, the loader, an interpreter, a common tool or dockersnap acts on it: %s", (line) => {
    expect(line.split(" ").filter((name) => environmentNameProblem(name) === undefined)).toEqual([]);
  });

  it.each(["", "1A", "A B", "A=B", "A;rm", "A\n", "Ä", "$(x)", "A[0]", "A-B"])("is refused for the name %j", (name) => {
    expect(environmentNameProblem(name)).toBe("is no name a shell takes");
  });

  it.each([
    "KUBECONFIG ECHO_URL DOCKER_HOST DOCKERSNAP_INSTANCE DATABASE_URL REDIS_URL PGHOST PGPORT PGPASSWORD MYSQL_PWD API_TOKEN",
    "http_proxy HTTPS_PROXY NO_PROXY AWS_ENDPOINT_URL SSL_CERT_FILE CURL_CA_BUNDLE TESTCONTAINERS_HOST_OVERRIDE PORT URL",
    "COMPOSE_PROJECT_NAME LESSON PATHWAY MAKER ENVIRONMENT HISTORY_URL PHP_URL RUBYGEMS ROOT_PASSWORD A x",
  ])("may have an ordinary name: %s", (line) => {
    expect(line.split(" ").filter((name) => environmentNameProblem(name) !== undefined)).toEqual([]);
  });
});
