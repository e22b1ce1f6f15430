/** What begins the names of dockersnap's own variables. */
export const ownVariablePrefix = "DOCKERSNAP_";

/** Variables the daemon sets for whoever uses an instance; a plugin's values for them are overwritten. */
export const daemonVariables: readonly string[] = [
  "DOCKER_HOST",
  "DOCKERSNAP_INSTANCE",
  "TESTCONTAINERS_HOST_OVERRIDE",
];

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Parameters that shells set, read, or run: some are code, some evaluate their value, some end an `eval` that sets them. */
const ofShells = [
  // sh, dash, busybox
  "CDPATH ENV FCEDIT HISTFILE HISTSIZE HOME IFS LANG LANGUAGE LINENO MAIL MAILCHECK MAILPATH NLSPATH OLDPWD OPTARG OPTERR",
  "OPTIND PATH POSIXLY_CORRECT PPID PS0 PS1 PS2 PS3 PS4 PWD REPLY SHELL TERM TERMCAP TMPDIR TMOUT UID _",
  // bash
  "CHILD_MAX COLUMNS COMPREPLY COPROC DIRSTACK EMACS EPOCHREALTIME EPOCHSECONDS EUID EXECIGNORE FIGNORE FUNCNAME FUNCNEST",
  "GLOBIGNORE GLOBSORT GROUPS HISTCMD HISTCONTROL HISTFILESIZE HISTIGNORE HISTTIMEFORMAT HOSTFILE HOSTNAME HOSTTYPE IGNOREEOF",
  "INPUTRC INSIDE_EMACS LINES MACHTYPE MAPFILE OSTYPE PIPESTATUS PROMPT_COMMAND PROMPT_DIRTRIM RANDOM SECONDS SHELLOPTS SHLVL",
  "SRANDOM TIMEFORMAT auto_resume histchars",
  // zsh
  "ARGC ARGV0 BAUD CORRECT_IGNORE CORRECT_IGNORE_FILE CPUTYPE DIRSTACKSIZE EGID ERRNO FPATH GID HISTCHARS HISTORY_IGNORE HOST",
  "KEYBOARD_HACK KEYTIMEOUT LISTMAX LOGCHECK LOGNAME MANPATH MATCH MBEGIN MEND MODULE_PATH NULLCMD POSTEDIT PROMPT PROMPT2",
  "PROMPT3 PROMPT4 PROMPT_EOL_MARK PSVAR READNULLCMD REPORTMEMORY REPORTTIME RPROMPT RPROMPT2 RPS1 RPS2 SAVEHIST SPROMPT STTY",
  "TERMINFO TERMINFO_DIRS TIMEFMT TMPPREFIX TMPSUFFIX TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT TTY TTYIDLE USERNAME VENDOR WATCH",
  "WATCHFMT WORDCHARS aliases argv builtins cdpath commands dirstack dis_aliases dis_builtins dis_functions",
  "dis_functions_source dis_galiases dis_patchars dis_reswords dis_saliases epochtime errnos fignore fpath funcfiletrace",
  "funcsourcetrace funcstack functions functions_source functrace galiases history historywords jobdirs jobstates jobtexts",
  "keymaps langinfo mailpath manpath mapfile match mbegin mend module_path modules nameddirs options parameters patchars path",
  "pipestatus prompt psvar reply reswords saliases signals status sysparams termcap terminfo userdirs usergroups watch widgets",
  // The line editor's, within a widget.
  "BUFFER BUFFERLINES CONTEXT CURSOR CUTBUFFER HISTNO ISEARCHMATCH_ACTIVE ISEARCHMATCH_END ISEARCHMATCH_START KEYMAP KEYS",
  "KEYS_QUEUED_COUNT LASTABORTEDSEARCH LASTSEARCH LASTWIDGET LBUFFER MARK NUMERIC PENDING POSTDISPLAY PREBUFFER PREDISPLAY",
  "RBUFFER REGION_ACTIVE SUFFIX_ACTIVE UNDO_CHANGE_NO UNDO_LIMIT_NO WIDGET WIDGETFUNC WIDGETSTYLE YANK_ACTIVE YANK_END",
  "YANK_START killring region_highlight registers",
  // fish
  "CMD_DURATION USER hostname last_pid status_generation umask version",
  // ksh
  "EDITOR EXECSHELL HISTEDIT JOBMAX KSHEGID KSHGID KSHUID PATHSEP PGRP USER_ID VISUAL VPATH",
];

/** More of those, by the beginning of their names or by a form they have. */
const ofShellsForm = anyOf(
  "BASH.* ZSH.* ZDOTDIR ZLE_.* zle_.* zsh_.* ZBEEP ZCURSES_.* zcurses_.* ZFTP_.* zgdbm_.* KSH_.* FISH_.* fish_.* __fish.* LC_.*",
  "COMP_(CWORD|KEY|LINE|POINT|TYPE|WORDBREAKS|WORDS) READLINE_.* PERIOD",
  // Functions that zsh calls, and arrays of their names.
  "(chpwd|periodic|precmd|preexec|zshaddhistory|zshexit|zsh_directory_name)(_functions)?",
);

/** By these the dynamic loader and the C library choose what code to load and where to look things up. */
const ofLoaders = anyOf(
  "LD_.* DYLD_.* _RLD.* LIBPATH SHLIB_PATH GLIBC_.* MALLOC_.* GCONV_.* LOCPATH LOCALDOMAIN RES_OPTIONS RESOLV_.* HOSTALIASES",
  "GETCONF_DIR NIS_PATH NIX_.* QT_.* GTK_.* GIO_.* OPENSSL_.* (A|L|T|M|UB)SAN_.*",
);

/** Interpreters, compilers and build tools that take options, modules or programs to run from their environment. */
const ofInterpreters = anyOf(
  "PYTHON.* PIP_.* UV_.* VIRTUAL_ENV.* CONDA_.* NODE_.* NPM_.* npm_.* YARN_.* COREPACK_.* DENO_.* BUN_.* ELECTRON_.* TS_NODE_.*",
  "PERL5.* PERLLIB PERLIO.* PERL_.* RUBY(OPT|LIB|PATH|SHELL|LIB_PREFIX|_.*) GEM_.* BUNDLE_.* BUNDLER_.*",
  "JAVA_.* _JAVA_.* JDK_.* CLASSPATH MAVEN_.* GRADLE_.* LUA_.* PHPRC PHP_INI_SCAN_DIR TCL_LIBRARY TCLLIBPATH TK_LIBRARY",
  "R_(HOME|PROFILE.*|ENVIRON.*|LIBS.*) JULIA_.* ERL_.* ELIXIR_.* GHC(RTS|_.*)",
  "GO(BIN|ENV|EXPERIMENT|FLAGS|PATH|PROXY|ROOT|TOOLCHAIN|TOOLDIR|NOSUMDB|SUMDB) CARGO_.* RUST(C|DOC)?(_.*|FLAGS|UP_.*)",
  "DOTNET_.* COMPlus_.* CORECLR_.* COR_.* MONO_.* AWKPATH AWKLIBPATH PSModulePath",
  "MAKE(FLAGS|FILES|OVERRIDES|LEVEL)? MFLAGS GNUMAKEFLAGS CC CXX CFLAGS CXXFLAGS CMAKE_.* CCACHE_.*",
);

/** Programs of every day that run what a variable says, or read their configuration from where it says. */
const ofTools = anyOf(
  "GIT_.* SSH_.* SUDO_.* GNUPGHOME GPG_.* LESS LESS(OPEN|CLOSE|KEY.*|SECURE|EDIT|ECHO|GLOBALTAGS) MORE PAGER MANPAGER MANOPT",
  "BROWSER FZF_.* RIPGREP_CONFIG_PATH GREP_OPTIONS TAR_OPTIONS GZIP BZIP2? XZ_.* ZSTD_.* RSYNC_.* CURL_HOME WGETRC NETRC",
  "VIM VIMINIT VIMRUNTIME EXINIT NVIM_.* ALTERNATE_EDITOR TMUX.* SCREEN(RC|DIR) STARSHIP_.* DIRENV_.* XDG_.* DBUS_.* SYSTEMD_.*",
  "PSQLRC PSQL_.* MYSQL_HOME KUBE_EDITOR KUBECTL_.* HELM_PLUGINS CONTAINERS_.* BUILDKIT_HOST BUILDX_.*",
  "DOCKER_(CONFIG|CONTEXT|CERT_PATH|TLS|TLS_VERIFY|CUSTOM_HEADERS|API_VERSION|CLI_.*)",
);

const names = new Set(ofShells.flatMap((line) => line.split(" ")));

/**
 * Why no plugin may set an environment variable of this name in a person's shell, to follow its name in a sentence; undefined
 * where it may. Whoever can set it could run code, break the shell, or lead its user elsewhere. Also for names from a daemon.
 */
export function environmentNameProblem(name: string): string | undefined {
  if (!namePattern.test(name)) return "is no name a shell takes";
  if (daemonVariables.includes(name)) return undefined;
  if (name.startsWith(ownVariablePrefix)) return "is one of dockersnap's own";
  if (names.has(name) || ofShellsForm.test(name)) return "has a meaning to shells";
  if (ofLoaders.test(name)) return "has a meaning to the dynamic loader or the C library";
  if (ofInterpreters.test(name)) return "has a meaning to interpreters or build tools";
  if (ofTools.test(name)) return "decides what other programs run or whom they reach";
  return undefined;
}

/** Lines of patterns, each for a whole name. */
function anyOf(...lines: readonly string[]): RegExp {
  return new RegExp(`^(${lines.join(" ").split(" ").join("|")})$`);
}
