/**
 * Which alerts worker consumes which region queues. This shares the load out and nothing else: two at one queue, or none for
 * some seconds, do no harm. Leases are set and compared by the database's clock alone.
 */
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/** A worker that has not renewed for this long is taken for dead, and its regions are free. */
const LEASE_S = 3;

/** What a worker holds: regions to consume, and those that it has too many of, to be given up when it has finished them. */
export interface RegionShare {
  regions: string[];
  surplus: string[];
}

/**
 * Renews a worker's lease, frees the regions of the dead, and takes free ones up to a fair share: with n workers and m
 * regions m/n, rounded up for the first of them by id and down for the others.
 */
export async function renewShare({ sql }: Pick<Deps, "sql">, workerId: string): Promise<RegionShare> {
  return await inTransaction(sql, async (tx) => {
    await renewLease(tx, workerId);
    const quota = await readQuota(tx, workerId);
    const held = await takeFree(tx, workerId, quota);
    return { regions: held.slice(0, quota), surplus: held.slice(quota) };
  });
}

/** Frees regions that the worker no longer consumes. */
export async function giveUpRegions({ sql }: Pick<Deps, "sql">, workerId: string, codes: string[]): Promise<void> {
  await sql`
    update region_queues
    set worker_id = null
    where worker_id = ${workerId} and region_code = any(${codes})`;
}

/** Takes a worker that has stopped away: all its regions are free. */
export async function endShare({ sql }: Pick<Deps, "sql">, workerId: string): Promise<void> {
  await sql`delete from alert_workers where id = ${workerId}`;
}

/** Every region whose queue was ever used, for a worker whose queues nobody else can reach. */
export async function allRegions({ sql }: Pick<Deps, "sql">): Promise<string[]> {
  const rows = await sql<{ code: string }[]>`
    select region_code as code
    from region_queues`;
  return rows.map(({ code }) => code);
}

async function renewLease(tx: TransactionSql, workerId: string): Promise<void> {
  await tx`
    insert into alert_workers (id, lease_until)
    values (${workerId}, now() + ${LEASE_S} * interval '1 second')
    on conflict (id) do update
    set lease_until = excluded.lease_until`;
  await tx`
    delete from alert_workers
    where id in (
      select id
      from alert_workers
      where lease_until < now()
      -- One that is just coming back, or is being taken away by another, is nobody to wait for.
      for update skip locked)`;
}

async function readQuota(tx: TransactionSql, workerId: string): Promise<number> {
  const [row] = await tx<{ quota: number }[]>`
    select (regions / workers + case when rank < regions % workers then 1 else 0 end)::int as quota
    from (select count(*) as regions from region_queues) as r,
      (select count(*) as workers, count(*) filter (where id < ${workerId}) as rank from alert_workers) as w`;
  return row!.quota;
}

/** What the worker holds after that, in a fixed order: what is surplus now is so the next time too. */
async function takeFree(tx: TransactionSql, workerId: string, quota: number): Promise<string[]> {
  await tx`
    update region_queues
    set worker_id = ${workerId}
    where region_code in (
      select region_code
      from region_queues
      where worker_id is null
      order by region_code
      limit greatest(0, ${quota} - (select count(*) from region_queues where worker_id = ${workerId}))
      for update skip locked)`;
  const rows = await tx<{ code: string }[]>`
    select region_code as code
    from region_queues
    where worker_id = ${workerId}
    order by region_code`;
  return rows.map(({ code }) => code);
}
