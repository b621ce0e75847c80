/** The tables of presence: nodes with their leases, and who is connected through them. */
import type { Deps } from "./ports.ts";

/** A node that has not renewed for this long is taken for dead. */
const LEASE_S = 12;

/** Writes that people (`partyId userId`) are connected through this node. */
export async function insertRows({ sql }: Pick<Deps, "sql">, nodeId: string, keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  const pairs = keys.map(pairOf);
  await sql`
    insert into chat_presence (party_id, user_id, node_id)
    select party_id, user_id, ${nodeId}
    from unnest(${pairs.map((pair) => pair.partyId)}::uuid[], ${pairs.map((pair) => pair.userId)}::uuid[])
      as arrived (party_id, user_id)
    on conflict do nothing`;
}

/** Writes that they are no more. */
export async function deleteRows({ sql }: Pick<Deps, "sql">, nodeId: string, keys: string[]): Promise<void> {
  if (keys.length === 0) return;
  const pairs = keys.map(pairOf);
  await sql`
    delete from chat_presence p
    using unnest(${pairs.map((pair) => pair.partyId)}::uuid[], ${pairs.map((pair) => pair.userId)}::uuid[])
      as gone (party_id, user_id)
    where p.party_id = gone.party_id and p.user_id = gone.user_id and p.node_id = ${nodeId}`;
}

/** Who is connected to each of these rooms, through a node whose lease runs. */
export async function readOnline({ sql }: Pick<Deps, "sql">, partyIds: string[]): Promise<Map<string, Set<string>>> {
  const online = new Map(partyIds.map((partyId) => [partyId, new Set<string>()]));
  if (partyIds.length === 0) return online;
  const rows = await sql<{ partyId: string; userId: string }[]>`
    select p.party_id as "partyId", p.user_id as "userId"
    from chat_presence p
    join chat_nodes n on n.id = p.node_id and n.lease_until > now()
    where p.party_id = any(${partyIds}::uuid[])`;
  for (const { partyId, userId } of rows) online.get(partyId)!.add(userId);
  return online;
}

/**
 * Renews a node's lease and clears away what dead nodes left. Leases are set and compared by the database's clock alone:
 * the nodes' clocks need not agree. `true` when there was no lease, and therefore no rows either.
 */
export async function renewLease({ sql }: Pick<Deps, "sql">, nodeId: string): Promise<boolean> {
  const [lease] = await sql<{ isNew: boolean }[]>`
    insert into chat_nodes as n (id, lease_until)
    values (${nodeId}, now() + ${LEASE_S} * interval '1 second')
    on conflict (id) do update
    set lease_until = excluded.lease_until
    returning xmax = 0 as "isNew"`;
  await sql`
    with dead as (
      delete from chat_nodes
      where lease_until < now() - interval '1 minute'
      returning id)
    delete from chat_presence p
    using dead
    where p.node_id = dead.id`;
  return lease!.isNew;
}

/** Takes a node and its people away. */
export async function endLease({ sql }: Pick<Deps, "sql">, nodeId: string): Promise<void> {
  await sql`delete from chat_presence where node_id = ${nodeId}`;
  await sql`delete from chat_nodes where id = ${nodeId}`;
}

function pairOf(key: string): { partyId: string; userId: string } {
  const [partyId = "", userId = ""] = key.split(" ");
  return { partyId, userId };
}
