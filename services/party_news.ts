/** What there is left of a party, told to those who have its room open. */
import { encode } from "./chat_frames.ts";
import { publishToRoom } from "./chat_relay.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { afterCommit } from "./transaction.ts";

/** For a transaction that changes a party's state, seats or shares: after the commit all its readers are told. May be lost. */
export function tellOfParty(deps: Pick<Deps, "relay" | "log">, tx: TransactionSql, partyId: string): void {
  afterCommit(tx, () => publishToRoom(deps, partyId, { type: "party" }));
}

/** Where a node hears that parties have changed. */
export interface PartyNews {
  /** The party has changed: it is read, once for all who say so before it is, and `tell` gets the frame. */
  refresh(partyId: string): void;
}

/** What is told is read afterwards, one reading after the other: so no frame is older than the one before it. */
export function createPartyNews(
  { sql, log }: Pick<Deps, "sql" | "log">,
  tell: (partyId: string, frame: string) => void,
): PartyNews {
  const dirty = new Set<string>();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (dirty.size > 0) {
      const ids = [...dirty];
      dirty.clear();
      for (const party of await readParties({ sql }, ids)) tell(party.partyId, encode({ type: "party", ...party }));
    }
  }

  return {
    refresh(partyId) {
      dirty.add(partyId);
      running ??= run()
        .catch((error) => log.debug("parties not told of: their next change will be", { error }))
        .finally(() => running = undefined);
    },
  };
}

interface PartyState {
  partyId: string;
  version: number;
  status: "open" | "confirmed" | "done" | "cancelled";
  memberCount: number;
  quantityLeft: number;
}

async function readParties({ sql }: Pick<Deps, "sql">, ids: string[]): Promise<PartyState[]> {
  return await sql<PartyState[]>`
    select id as "partyId", version, status, member_count as "memberCount", quantity_left as "quantityLeft"
    from parties
    where id = any(${ids}::uuid[])`;
}
