/** That taking turns, finishing them and queueing touch what they are about, with very many browsers around. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { EventPayload } from "../contract/events.ts";
import { claimTurns, enqueuePushes, finishTurn, postponeTurn } from "../services/push_queue.ts";
import { unsubscribePush } from "../services/push_subscriptions.ts";
import { inTransaction } from "../services/transaction.ts";
import { addParty, addPeople, fillInbox, type Neighbour } from "./alert_world.ts";
import { openIdleWorld } from "./fragile_world.ts";
import { type Plan, watchStatements } from "./query_plans.ts";

/** So many browsers, each with pushes that wait for the morning but for a few that are due. */
const BROWSERS = 20_000, DUE = 50;

Deno.test("With twenty thousand browsers that wait, a turn reads no more than what it takes", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack), { sql, clock } = world;
  const [leader, model] = await addPeople(world, 2) as [Neighbour, Neighbour];
  await fillInbox(world, model, await addParty(world, leader.id), { count: 3 });
  await copyPeople();
  const watched = watchStatements({ environment: { DATABASE_URL: world.databaseUrl } });
  stack.defer(() => watched.sql.end());
  const deps = { ...world.deps, sql: watched.sql },
    [{ id }] = await sql`
    select id from users where id not in (${leader.id}, ${model.id}) limit 1` as [{ id: string }];

  const turns = (await claimTurns(world.deps, 1, ["full.example"]))!;
  const [alert] = await sql<{ payload: EventPayload }[]>`select payload from alerts limit 1`;
  await sql`delete from pushes where user_id = ${id}`;
  const event = { type: "join.accepted" as const, payload: alert!.payload };
  const steps: Record<string, () => Promise<unknown>> = {
    claim: () => claimTurns(deps, 10, ["full.example"]),
    finish: () => finishTurn(deps, turns[0]!),
    postpone: () => postponeTurn(deps, turns[0]!, { dueAt: clock.now(), attempts: 1 }),
    queue: () =>
      inTransaction(deps.sql, async (tx) => {
        await enqueuePushes(deps, tx, [{ userId: id, seq: 3, event }]);
        throw new Error("rolled back, to be explained");
      }).catch(() => {}),
    unsubscribe: () => unsubscribePush(deps, id, "https://push.example/none"),
  };
  for (const [name, step] of Object.entries(steps)) {
    const plans = await watched.plansOf(step);
    assert.ok(plans.length > 0, name);
    for (const plan of plans) assertSmall(name, plan);
  }

  async function copyPeople(): Promise<void> {
    await sql`
      with copied as (
        insert into users (id, email, password_hash, nickname, terms_at, privacy_at, created_at)
        select gen_random_uuid(), n || '@example.com', '', '이웃 ' || n, now(), now(), now()
        from generate_series(1, ${BROWSERS}) as n
        returning id
      )
      insert into sessions (id, user_id, created_at, expires_at)
      select id, id, now(), now() + interval '30 days'
      from copied`;
    await sql`
      insert into alerts (user_id, seq, id, event_id, type, party_id, payload, created_at)
      select s.id, a.seq, gen_random_uuid(), gen_random_uuid(), a.type, a.party_id, a.payload, now()
      from sessions s, alerts a
      where a.user_id = ${model.id} and s.id = s.user_id`;
    await sql`
      insert into push_subscriptions (user_id, id, session_id, endpoint, endpoint_hash, host, p256dh, auth, created_at,
        renewed_at, queued_seq, due_at)
      select id, ${v7()}, id, 'https://push.example/' || id, sha256(convert_to(id::text, 'UTF8')), 'push.example', '', '',
        now(), now(), 3, now() + case when row_number() over () > ${DUE} then interval '9 hours' else interval '0' end
      from sessions
      where id = user_id`;
    await sql`
      insert into pushes (user_id, subscription_id, seq, expires_at)
      select b.user_id, b.id, a.seq, now() + interval '1 day'
      from push_subscriptions b
      join alerts a on a.user_id = b.user_id`;
    await sql`analyze users, sessions, alerts, push_subscriptions, pushes`;
  }
});

function assertSmall(name: string, { text, rowsRead, pagesRead }: Plan): void {
  assert.ok(rowsRead <= 100 && pagesRead <= 600, `${name}: ${rowsRead} rows of ${pagesRead} pages in ${text}`);
}
