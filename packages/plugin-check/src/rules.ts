/** A rule as a sentence about the plugin, and what its author does where it does not hold. */
export interface Rule {
  readonly statement: string;
  readonly fix: string;
}

const progressRules = <const G extends string>(group: G, what: string) =>
  ({
    [`${group}/lines`]: {
      statement: `Every line ${what} writes to stdout is a progress event`,
      fix: 'Write one JSON object a line, such as {"step":"pulling","status":"running"}, and everything else to stderr.',
    },
    [`${group}/complete`]: {
      statement: `When ${what} succeeds, its last event is the only one that says complete`,
      fix: 'End with {"step":"complete","status":"done"}, once, and write nothing after it.',
    },
    [`${group}/failure`]: {
      statement: `When ${what} fails, it says why in an error event or an error envelope, exits with a code of its own and never says complete`,
      fix: 'Before exiting with 1, write {"step":"<the step>","status":"error","message":"<why>"}; exit with 0 only without one.',
    },
  }) as { readonly [K in `${G}/lines` | `${G}/complete` | `${G}/failure`]: Rule };

const brokenInput = (command: string) => ({
  statement: `${command} that is given nothing, half of its input or no JSON at all fails and says so`,
  fix: "Read stdin to its end, parse it, and where that fails write an error envelope to stdout and exit with 1.",
});

const shape = (command: string, example: string) => ({
  statement: `${command} answers in its shape, or fails and says why`,
  fix: `Write one JSON object such as ${example} to stdout and nothing else; where that cannot be done, write {"error":"<why>"} and exit with 1.`,
});

/** Every rule there is, in the order they are told. The word before the slash is what a rule is about. */
export const rules = {
  "file/name": {
    statement: "Its file name is a lower-case letter followed by up to 31 lower-case letters, digits or hyphens",
    fix: "Rename the file: the daemon passes over every other name.",
  },
  "file/executable": {
    statement: "It is a file that may be executed",
    fix: "chmod +x makes it so.",
  },
  "file/interpreter": {
    statement: "It is a program of this machine, or its first line names an interpreter that is there",
    fix: "Begin it with a line such as #!/usr/bin/env bash, ended by a newline alone, and install that interpreter.",
  },
  "file/owner": {
    statement: "Nobody but its owner can change it or exchange it",
    fix: "'dockersnap plugin install' puts it in place with the owner and mode the daemon asks for.",
  },

  "schema/answers": {
    statement: "schema answers in its shape, in time, with nothing on stdin",
    fix: 'Write {"contract_version":"1","plugin_name":"…","plugin_version":"…"} and nothing else to stdout, without reading stdin. With the SDK, plugin.run() does.',
  },
  "schema/name": {
    statement: "plugin_name is the name of the file",
    fix: "Give both the same name: instances are created with the file's.",
  },
  "schema/version": {
    statement: "It speaks contract version 1",
    fix: 'Name "1" as contract_version or among supported_contract_versions.',
  },
  "schema/options": {
    statement: "No configuration key is declared twice, and each is a plain word or several with dots between",
    fix: "Keep one declaration of each key, named with letters, digits, '_', '-' and '.'.",
  },
  "schema/defaults": {
    statement: "Every default is of its option's type",
    fix: "Correct the default or the type: nobody can create an instance without giving a value as it is.",
  },
  "schema/hooks": {
    statement: "Every hook listed is one of pre_snapshot, post_snapshot, post_revert and post_clone, and listed once",
    fix: "Take out what is no hook: it is never called.",
  },
  "schema/stable": {
    statement: "schema answers the same bytes each time",
    fix: "Leave out what changes by itself (times, random values, an unordered map): the daemon tells by these bytes that a plugin changed.",
  },
  "schema/environment": {
    statement: "schema needs no more of its environment than PATH",
    fix: "Do without HOME, USER, TERM and the like: a daemon started by systemd has none of them.",
  },

  "init/succeeds": {
    statement: "init succeeds, also when it is called again, or is not there",
    fix: "Exit with 0, or with 64 where there is nothing to prepare; otherwise the plugin stays disabled.",
  },
  "init/quiet": {
    statement: "init writes nothing to stdout",
    fix: "Write what is for people to stderr.",
  },

  "command/unknown": {
    statement: "A command it does not know exits with 64",
    fix: "Exit with 64 for every command you do not have: that is how a newer daemon tells it from a failure.",
  },

  "validate/accepts": {
    statement: "validate accepts a good configuration before there is an engine",
    fix: "Look at the configuration and at this host, nothing else: at this time there is no instance. What it says is missing here has to be installed for the check.",
  },
  "validate/refuses": {
    statement: "validate refuses values of the wrong type with valid false, errors and exit code 1",
    fix: 'Write {"valid":false,"errors":["<what is wrong with which key>"]} and exit with 1.',
  },
  "validate/all-problems": {
    statement: "validate names all problems at once",
    fix: "Collect what is wrong and answer at the end, so that nobody has to try again for each.",
  },
  "validate/no-traces": {
    statement: "validate changes nothing",
    fix: "Only look: it is called for instances that are never made.",
  },
  "validate/broken-input": brokenInput("A validate"),

  "deploy/present": {
    statement: "There is a deploy",
    fix: "Implement deploy: creating an instance calls it.",
  },
  ...progressRules("deploy", "deploy"),
  "deploy/ends": {
    statement: "deploy comes to an end by itself when the engine is not there, and when it refuses everything",
    fix: "Give every wait for the engine a limit, and fail when it is reached.",
  },
  "deploy/honest": {
    statement: "deploy does not succeed when the engine refused everything it asked for",
    fix: "Look at how each call of the engine ended, and fail where one did (in shell: set -e).",
  },
  "deploy/stops": {
    statement: "deploy ends within two seconds of SIGTERM, with all it started",
    fix: "Pass SIGTERM on to what you started, or leave the signal alone: its whole process group gets it.",
  },
  "deploy/waits": {
    statement: "A deploy that says it reads its input first does nothing before, and ends on SIGTERM while it waits",
    fix: "Read stdin to its end before anything else, or leave reads_input_first out of the schema: the daemon then starts nothing ahead.",
  },
  "deploy/broken-input": brokenInput("A deploy"),

  ...progressRules("teardown", "teardown"),
  "teardown/again": {
    statement: "A teardown after a teardown succeeds like the first",
    fix: "Take what is already gone for done.",
  },
  "teardown/broken-input": brokenInput("A teardown"),

  // biome-ignore lint/suspicious/noTemplateCurlyInString: the tokens of an access answer are written so.
  "access/answers": shape("access", '{"env":{"URL":"http://${HOST}:${PORT:web}"}}'),
  "access/env": {
    statement: "access names environment variables that a plugin may set, and leaves the daemon's own alone",
    fix: "Use letters, digits and '_', not beginning with a digit, and no name that a shell, the loader, an interpreter or dockersnap acts on, such as PATH; DOCKER_HOST, DOCKERSNAP_INSTANCE and TESTCONTAINERS_HOST_OVERRIDE are set by the daemon.",
  },
  "access/files": {
    statement: "access gives files plain relative names and octal modes",
    fix: 'Name a file such as "kubeconfig" or "certs/ca.pem", without "..", with a mode such as "0600".',
  },
  "access/tokens": {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the tokens of an access answer are written so.
    statement: "access uses no tokens but ${HOST}, ${PORT:<label>} and ${ACCESS_DIR}",
    fix: "Nothing else is replaced: put the value itself there.",
  },
  "access/broken-input": brokenInput("An access"),

  "describe/answers": shape("describe", '{"workload_type":"echo","status":"running"}'),
  "describe/broken-input": brokenInput("A describe"),

  "health/answers": shape("health", '{"healthy":false,"message":"no answer on /"}'),
  "health/consistent": {
    statement: "health does not contradict itself",
    fix: "Say healthy false where a check is not ok, and a status that agrees with it.",
  },
  "health/honest": {
    statement: "health does not say healthy of an instance whose engine is not there",
    fix: "Ask the workload itself, and say healthy only when it answers.",
  },
  "health/broken-input": brokenInput("A health"),

  "hooks/listed": {
    statement: "Every hook that schema lists is there",
    fix: "Implement the hook, or take it out of schema.hooks.",
  },
  "hooks/unlisted": {
    statement: "A hook that schema does not list exits with 64",
    fix: "List the hook in schema.hooks, or exit with 64 for it.",
  },
  ...progressRules("hooks", "a hook"),
  "hooks/broken-input": brokenInput("A hook"),

  "input/unknown-fields": {
    statement: "Fields it does not know change nothing",
    fix: "Pass over what you do not know: newer daemons send more.",
  },
  "input/long": {
    statement: "A long input is answered like a short one, or refused with a reason",
    fix: "Read stdin to its end before you answer, and pass it on through a pipe or a file, not as an argument.",
  },
  "input/clone": {
    statement: "It answers for a clone as it does for an instance that is none",
    fix: "Take the instance's name, socket and addresses from each input; keep none of them from an earlier call.",
  },

  "config/data": {
    statement: "A configuration value never becomes a command",
    fix: 'Quote every expansion ("$value"), pass values as arguments, and never through eval, sh -c or a template of a script.',
  },
  "config/answers": {
    statement: "Quotes, backslashes and newlines in a configuration value leave its answers well-formed",
    fix: "Make JSON with a JSON library (in shell: jq --arg), not by pasting values into text.",
  },
  "config/secrets": {
    statement: "What a configuration calls a secret is not told in logs and progress",
    fix: "Leave the values of such keys out of what you log.",
  },

  "engine/deploy": {
    statement: "deploy succeeds on the engine given",
    fix: "Read what it said; run it by hand with the same input where that is not enough.",
  },
  "engine/restart-policy": {
    statement: "Containers it made come back when the engine does",
    fix: 'Give them a restart policy, such as "always": without one they stay down after a stop, a revert or a reboot.',
  },
  "engine/health": {
    statement: "health says healthy after a deploy, within two minutes",
    fix: "Let deploy wait until the workload is up, and health look at what was deployed.",
  },
  "engine/describe": {
    statement: "describe answers for what was deployed",
    fix: "Look at what it said; describe is called at any time after a deploy.",
  },
  "engine/access": {
    statement: "access answers for what was deployed, and each port it names is published",
    fix: "Name ports by the label of forwarded_ports, found by their container_port.",
  },
  "engine/teardown": {
    statement: "teardown succeeds after the deploy, and again after that",
    fix: "Take what is already gone for done.",
  },

  "process/crash": {
    statement: "It fails in words of its own, and never goes down with what nobody caught",
    fix: "Mend what it tripped over. What cannot be helped, catch and tell: in an error event or an error envelope, with exit code 1.",
  },
  "process/leftovers": {
    statement: "It leaves no process behind",
    fix: "Wait for what you start. What is to run on belongs into a container.",
  },
  "process/working-folder": {
    statement: "It writes nothing into its working folder",
    fix: "Use mktemp, or a folder of your own: a daemon's plugins run in /.",
  },
  "process/temporary-files": {
    statement: "It removes its temporary files",
    fix: "Remove them at the end, also after a failure (in shell: trap 'rm -rf \"$dir\"' EXIT).",
  },
  "process/host-engine": {
    statement: "It leaves the engine of the host alone",
    fix: "Set DOCKER_HOST to unix://<instance.socket> for every Docker program and client you use.",
  },
  "process/logs": {
    statement: "A line on stderr that looks like JSON is a log line of the contract",
    fix: 'Write {"ts":"…","level":"INFO","plugin":"…","msg":"…"}, or plain text.',
  },
  "process/time": {
    statement: "Its answers take less than half of the time they have",
    fix: "Do less, or later: a busy machine takes twice as long.",
  },
  "process/whole-check": {
    statement: "All of this comes to an end in time",
    fix: "Look for what waits: the rules above that were not looked at say where it was.",
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

export const ruleIds = Object.keys(rules) as readonly RuleId[];
