#!/usr/bin/env node
import { access } from "./access.ts";
import { deploy } from "./deploy.ts";
import { describe } from "./describe.ts";
import { health } from "./health.ts";
import { plugin } from "./plugin.ts";
import { validate } from "./validate.ts";

export { plugin };

plugin.onValidate(validate);
plugin.onDeploy(deploy);
plugin.onAccess(access);
plugin.onDescribe(describe);
plugin.onHealth(health);
await plugin.run();
