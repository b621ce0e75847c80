/** What anyone signed in may see of a person: never an e-mail, never a place. */
import type { Profile } from "../contract/identity.ts";
import { Problem } from "../contract/problems.ts";
import { penaltyCounts } from "./penalty_counts.ts";
import type { Deps } from "./ports.ts";

/** Under this name a person who has withdrawn stays in parties and chats. */
export const WITHDRAWN_NICKNAME = "탈퇴한 사용자";

type ProfileDeps = Pick<Deps, "sql" | "cache" | "clock" | "log">;

/** The profiles of these people, in one query for any number of them and one for the counts that are not cached. */
export async function profilesOf(deps: ProfileDeps, userIds: string[]): Promise<Map<string, Profile>> {
  if (userIds.length === 0) return new Map();
  const rows = await deps.sql<
    { id: string; nickname: string; joinedAt: Date; version: number; attended: number; total: number }[]
  >`
    select u.id, coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname, u.created_at as "joinedAt",
      u.penalty_version as version, a.attended, a.total
    from users u
    cross join lateral (
      select count(*) filter (where m.attended)::int as attended, count(*)::int as total
      from party_members m join parties p on p.id = m.party_id
      where m.user_id = u.id and m.attended is not null and p.status = 'done') a
    where u.id = any(${userIds}::uuid[])`;
  const counts = await penaltyCounts(deps, new Map(rows.map(({ id, version }) => [id, version])));
  return new Map(rows.map(({ id, nickname, joinedAt, attended, total }) => [id, {
    id,
    nickname,
    penaltyCount: counts.get(id) ?? 0,
    attendance: { attended, total },
    joinedAt: joinedAt.toISOString(),
  }]));
}

/** One profile. Throws `not-found`. */
export async function readProfile(deps: ProfileDeps, userId: string): Promise<Profile> {
  const profile = (await profilesOf(deps, [userId])).get(userId);
  if (!profile) throw new Problem("not-found", "Cannot show the profile: no such person");
  return profile;
}
