/** Which of the parties that are over are not all paid for, and how far each is. */
import { useEffect, useState } from "preact/hooks";
import type { Page } from "../../contract/common.ts";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import type { Settlement } from "../../contract/settlements.ts";
import type { AskedPages } from "../ask.tsx";
import { Refusal } from "../http.ts";
import { call, me } from "../session.ts";
import { t, won } from "../words.ts";

/** A party's settlement; `null` before it is announced. */
type State = Settlement | null;

/** Of a list of parties that are over, those in which the caller was and not everyone has paid. */
export function useUnsettled(done: AskedPages<Party, Page<Party>>) {
  const [states, setStates] = useState<Map<string, State>>();
  const [refusal, setRefusal] = useState<Refusal>();
  const mine = done.items.filter(({ myRole }) => myRole === "leader" || myRole === "member");
  async function readStates(): Promise<void> {
    setRefusal(undefined);
    try {
      setStates(new Map(await Promise.all(mine.map(async ({ id }) => [id, await readState(id)] as const))));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setRefusal(error);
    }
  }
  useEffect(() => void (done.data && readStates()), [done.data]);
  return {
    asked: { ...done, data: states && done.data, refusal: done.refusal ?? refusal },
    parties: mine.filter(({ id }) => states?.has(id) && !states.get(id)?.settledAt),
    stateOf: ({ id }: Party) => states?.get(id) ?? null,
  };
}

async function readState(partyId: string): Promise<State> {
  try {
    return await call<Settlement>("GET", `/api/parties/${partyId}/settlement`);
  } catch (error) {
    if (error instanceof Refusal && error.code === "not-found") return null;
    throw error;
  }
}

/** What is to be done next, leading there. */
export function SettlementState({ party, settlement }: { party: Party; settlement: State }) {
  return (
    <div class="buttons">
      <a class="button small" href={screenPath("settlement", party.id)}>{wordsOf(party, settlement)}</a>
    </div>
  );
}

function wordsOf({ myRole }: Party, settlement: State): string {
  const isLeader = myRole === "leader";
  if (!settlement) {
    return isLeader ? t("정산 올리기", "Announce the settlement") : t("정산 기다리는 중", "To be announced");
  }
  const waitsFor = settlement.lines.filter(({ paidAt }) => !paidAt);
  if (isLeader) return t(`${waitsFor.length}명이 아직 안 보냈어요`, `${waitsFor.length} have not paid yet`);
  const own = waitsFor.find(({ userId }) => userId === me.value?.id);
  if (!own) return t("보냈어요 · 정산 보기", "Paid · See the settlement");
  return own.openKrw < 0
    ? t(`${won(-own.openKrw)} 돌려받기`, `Get ${won(-own.openKrw)} back`)
    : t(`${won(own.openKrw)} 보내기`, `Pay ${won(own.openKrw)}`);
}
