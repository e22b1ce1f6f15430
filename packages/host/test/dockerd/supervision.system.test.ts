import { engineConformance } from "@dockersnap/core/testing";
import { privateMachine } from "./private-machine.ts";

engineConformance("dockerd in systemd's units, hybrid control groups,", () => privateMachine("hybrid", "systemd"));
engineConformance("dockerd in systemd's units, version 2 alone,", () => privateMachine("unified", "systemd"));
engineConformance("dockerd without systemd, version 2 alone,", () => privateMachine("unified", "direct"));
engineConformance("dockerd without systemd, version 1 alone,", () => privateMachine("legacy", "direct"));
