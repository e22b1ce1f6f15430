import { storageConformance } from "@dockersnap/core/testing";
import { btrfsSubject } from "./test-pool.ts";

storageConformance("btrfs", btrfsSubject);
