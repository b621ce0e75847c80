/** A party and who is in it, as one of its neighbours sees them. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Page } from "../../contract/common.ts";
import type { Membership, Party } from "../../contract/parties.ts";
import { type Asked, useAsked } from "../ask.tsx";
import { newestAlert } from "../live/alerts.ts";
import { me } from "../session.ts";
import { isIn, type Move, movesOf } from "./moves.ts";
import { useNow } from "../timing.ts";

/** What the parts of the party's screen share. */
export interface PartyView {
  party: Party;
  /** Read only by those who are in. */
  members: Asked<Page<Membership>>;
  now: number;
  /** What can be done now. */
  moves: Move[];
  /** Asks for the party and its members again. */
  reload(): Promise<void>;
  /** Shows the party that an act has answered with. */
  show(party: Party): void;
  /** Opens the sheet of a move, or closes it. */
  begin(move: Move | undefined): void;
  /** The move whose sheet is open. */
  begun: Move | undefined;
}

/** Reads a party; anew also when an alert about it comes. */
export function usePartyView(id: string): { asked: Asked<Party>; view: PartyView | undefined } {
  const asked = useAsked<Party>(`/api/parties/${id}`), party = asked.data;
  const members = useAsked<Page<Membership>>(party && isIn(party) ? `/api/parties/${id}/members?limit=100` : null);
  const [begun, begin] = useState<Move>();
  const now = useNow(5_000);
  const reload = useCallback(
    async () => void await Promise.all([asked.reload(), members.reload()]),
    [asked.reload, members.reload],
  );
  useReloadByAlerts(id, reload);
  if (!party) return { asked, view: undefined };
  const show = (party: Party) => {
    asked.set(party);
    void members.reload();
  };
  return { asked, view: { party, members, now, moves: movesOf(party, now), reload, show, begin, begun } };
}

function useReloadByAlerts(id: string, reload: () => Promise<void>): void {
  const { alert } = newestAlert.value, seen = useRef(alert);
  useEffect(() => {
    if (alert !== seen.current && alert?.partyId === id) void reload();
    seen.current = alert;
  }, [alert]);
}

/** One's own part of the pack, as far as it is known: of an application the party does not say. */
export function myShare({ party, members }: Pick<PartyView, "party" | "members">): number | undefined {
  if (party.myRole === "leader") return party.leaderQuantity;
  if (party.myRole === "waiting") return party.myQueue?.offer?.quantity;
  return members.data?.items.find(({ userId, status }) => userId === me.value?.id && status === "accepted")?.quantity;
}
