/** What anyone signed in may see of a person: never an e-mail, never a place. */
import type { Profile } from "../contract/identity.ts";
import { Problem } from "../contract/problems.ts";
import { PENALTY_WINDOW_MS, penaltyCounts } from "./penalty_counts.ts";
import type { Deps } from "./ports.ts";

/** Under this name a person who has withdrawn stays in parties and chats. */
export const WITHDRAWN_NICKNAME = "탈퇴한 사용자";

type ProfileDeps = Pick<Deps, "sql" | "cache" | "clock" | "log">;

/** A settlement is paid on time within these days of its announcement. */
const ON_TIME_DAYS = 3;

interface ProfileRow {
  id: string;
  nickname: string;
  joinedAt: Date;
  version: number;
  attended: number;
  total: number;
  lateCancellations: number;
  onTime: number;
  due: number;
}

/** The profiles of these people, in one query for any number of them and one for the counts that are not cached. */
export async function profilesOf(deps: ProfileDeps, userIds: string[]): Promise<Map<string, Profile>> {
  if (userIds.length === 0) return new Map();
  const rows = await readRows(deps, userIds);
  const counts = await penaltyCounts(deps, new Map(rows.map(({ id, version }) => [id, version])));
  return new Map(rows.map(({ id, nickname, joinedAt, attended, total, lateCancellations, onTime, due }) => [id, {
    id,
    nickname,
    penaltyCount: counts.get(id) ?? 0,
    attendance: { attended, total },
    lateCancellations,
    settledOnTime: { onTime, total: due },
    joinedAt: joinedAt.toISOString(),
  }]));
}

/** Of one person, as most are read, the plan is kept; of a list PostgreSQL plans anew each time, for six times as long as it reads. */
async function readRows({ sql, clock }: Pick<Deps, "sql" | "clock">, userIds: string[]): Promise<ProfileRow[]> {
  const now = clock.now();
  return await sql<ProfileRow[]>`
    select u.id, coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname, u.created_at as "joinedAt",
      u.penalty_version as version, a.attended, a.total, s."onTime", s.due,
      (select count(*)::int
        from late_cancellations c
        where c.user_id = u.id and c.created_at > ${new Date(now.getTime() - PENALTY_WINDOW_MS)}) as "lateCancellations"
    from users u
    cross join lateral (
      select count(*) filter (where m.attended)::int as attended, count(*)::int as total
      from party_members m join parties p on p.id = m.party_id
      where m.user_id = u.id and m.attended is not null and p.status = 'done') a
    cross join lateral (
      select count(*) filter (where paid.at <= paid.due_at)::int as "onTime", count(*)::int as due
      from (
        select least(x.member_paid_at, x.leader_paid_at) as at, y.frozen_at + make_interval(days => ${ON_TIME_DAYS}) as due_at
        from settlement_lines x
        join settlements y on y.party_id = x.party_id
        join parties p on p.id = x.party_id
        where x.user_id = u.id and x.amount_krw > 0 and p.leader_id <> u.id) paid
      where paid.at is not null or paid.due_at < ${now}) s
    where ${userIds.length === 1 ? sql`u.id = ${userIds[0]!}` : sql`u.id = any(${userIds}::uuid[])`}`;
}

/** One profile. Throws `not-found`. */
export async function readProfile(deps: ProfileDeps, userId: string): Promise<Profile> {
  const profile = (await profilesOf(deps, [userId])).get(userId);
  if (!profile) throw new Problem("not-found", "Cannot show the profile: no such person");
  return profile;
}
