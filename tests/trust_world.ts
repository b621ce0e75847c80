/** People with penalties, and parties to get them at. */
import assert from "node:assert/strict";
import { joinAccepted, openParty, type Person, type TestService } from "./harness.ts";

/** A party in this state, with these members; `begun` moves its start a minute back. */
export async function partyWith(
  service: TestService,
  leader: Person,
  members: Person[],
  { status, begun = status === "done" }: { status: "open" | "confirmed" | "done" | "cancelled"; begun?: boolean },
): Promise<{ id: string }> {
  const party = await openParty(service, leader, { capacity: 10 });
  for (const member of members) await joinAccepted(service, party, leader, member);
  await service.sql`update parties set status = ${status} where id = ${party.id}`;
  if (begun) {
    await service.sql`
      update parties
      set starts_at = now() - interval '1 minute', join_until = now() - interval '1 minute'
      where id = ${party.id}`;
  }
  return party;
}

/** The leader of a done party gives a member a penalty for it. Resolves with the penalty's id. */
export async function penalise(service: TestService, leader: Person, member: Person): Promise<string> {
  const party = await partyWith(service, leader, [member], { status: "done" });
  const { status } = await service.call("POST", `/api/parties/${party.id}/penalties`, {
    token: leader.token,
    body: { userIds: [member.id] },
  });
  assert.equal(status, 201);
  const { body } = await service.call("GET", "/api/me/penalties", { token: member.token });
  return body.items.find(({ partyId }: { partyId: string }) => partyId === party.id).id;
}

/** Makes a penalty so many days older. */
export async function age(service: TestService, penaltyId: string, days: number): Promise<void> {
  await service.sql`
    update penalties
    set created_at = created_at - make_interval(days => ${days})
    where id = ${penaltyId}`;
}

/** An admin, signed in. */
export async function asAdmin(service: TestService, person: Person): Promise<Person> {
  await service.sql`update users set role = 'admin' where id = ${person.id}`;
  return person;
}

/** The penalty count that everybody sees of a person. */
export async function countOf(service: TestService, person: Person): Promise<number> {
  return (await service.call("GET", `/api/users/${person.id}`, { token: person.token })).body.penaltyCount;
}
