export { type CheckOptions, checkPlugin } from "./check.ts";
export { type Rule, type RuleId, ruleIds, rules } from "./rules.ts";
