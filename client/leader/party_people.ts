/** A party with the people in it, for the screens of those who are. */
import { useEffect } from "preact/hooks";
import type { Membership, Party } from "../../contract/parties.ts";
import { type Asked, useAsked, usePages } from "../ask.tsx";
import { Refusal } from "../http.ts";
import { newestAlert } from "../live/alerts.ts";

/** A party, and everyone whom the caller may see in it: the leader sees all, a member those who are in. */
export interface PartyPeople {
  party: Party;
  members: Membership[];
}

/** Reads both, the people to the last page, anew when an alert is about them. Refused to whoever is not in the party. */
export function usePartyPeople(partyId: string): Pick<Asked<PartyPeople>, "data" | "refusal" | "reload"> {
  const party = useAsked<Party>(`/api/parties/${partyId}`);
  const people = usePages<Membership>(`/api/parties/${partyId}/members?limit=100`);
  const { more } = people;
  useEffect(() => void more?.().catch(unlessRefused), [people.data]);
  const reload = async () => void await Promise.all([party.reload(), people.reload()]);
  const { alert } = newestAlert.value;
  useEffect(() => void (alert?.partyId === partyId && reload()), [alert]);
  const isThere = party.data !== undefined && people.data !== undefined;
  return {
    data: isThere ? { party: party.data!, members: people.items } : undefined,
    refusal: people.refusal ?? party.refusal,
    reload,
  };
}

/** Those who share the pack, the leader first. */
export function acceptedOf({ members }: PartyPeople): Membership[] {
  return members.filter(({ status }) => status === "accepted");
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}
