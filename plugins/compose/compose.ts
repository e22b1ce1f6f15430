#!/usr/bin/env node
import { access } from "./commands/access.ts";
import { deploy } from "./commands/deploy.ts";
import { describe } from "./commands/describe.ts";
import { health } from "./commands/health.ts";
import { validate } from "./commands/validate.ts";
import { plugin } from "./plugin.ts";

export { plugin };

plugin.onValidate(validate);
plugin.onDeploy(deploy);
plugin.onAccess(access);
plugin.onDescribe(describe);
plugin.onHealth(health);
await plugin.run();
