import { engineConformance } from "@dockersnap/core/testing";
import { Machine } from "./machine.ts";

engineConformance("dockerd", () => Machine.start());
