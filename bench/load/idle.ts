/** Joins rooms and stays there, saying nothing, until it is let go. */
import process from "node:process";
import { joinAll } from "./crowd.ts";
import type { DialectName, Seat } from "./dialects.ts";
import { readPlan, report } from "./process.ts";

/** What is to be done. */
export interface IdlePlan {
  dialect: DialectName;
  seats: Seat[];
}

/** Told when all are in. */
export interface IdleResult {
  clients: number;
}

const { dialect, seats } = await readPlan<IdlePlan>();
const clients = await joinAll(dialect, seats, () => {}, 64);
await report({ clients: clients.length });
process.exit(0);
