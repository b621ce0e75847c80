/** Who pays what of a party that is over. */
import { CalendarX2, Hourglass } from "lucide-preact";
import { useRoute } from "preact-iso/router";
import { useState } from "preact/hooks";
import { screenPath } from "../../contract/screens.ts";
import type { Settlement } from "../../contract/settlements.ts";
import { Shown } from "../ask.tsx";
import { type PartyPeople, usePartyPeople } from "../leader/party_people.ts";
import { useEvery } from "../timing.ts";
import { SettlementForm } from "../settlement/settlement_form.tsx";
import { useSettlement } from "../settlement/settlement_of.ts";
import { SettlementView } from "../settlement/settlement_view.tsx";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** The settlement and its marks come from other people's phones: they are read anew so often. */
const MARKS_MS = 10_000;

/** The leader announces and corrects it; everyone in the party sees all of it. */
export function SettlementScreen() {
  const id = useRoute().params.id!;
  const people = usePartyPeople(id), isDone = people.data?.party.status === "done";
  const asked = useSettlement(isDone ? id : null);
  const [isCorrecting, setCorrecting] = useState(false);
  useEvery(MARKS_MS, () => isDone && !asked.data?.settledAt && void asked.reload());
  const title = isCorrecting ? t("정산 고치기", "Correct the settlement") : t("정산", "Settlement");
  return (
    // Another key is another screen: its title has the focus anew.
    <Screen key={isCorrecting ? "correct" : "show"} title={title} back={screenPath("party", id)}>
      <Shown asked={people}>
        {(data) => (
          <>
            <p class="aside">{data.party.title}</p>
            {isDone
              ? (
                <Shown asked={asked}>
                  {(settlement) => (
                    <Settling
                      people={data}
                      settlement={settlement}
                      isCorrecting={isCorrecting}
                      setCorrecting={setCorrecting}
                      take={asked.set}
                    />
                  )}
                </Shown>
              )
              : <NotYet people={data} />}
          </>
        )}
      </Shown>
    </Screen>
  );
}

function Settling({ people, settlement, isCorrecting, setCorrecting, take }: {
  people: PartyPeople;
  settlement: Settlement | null;
  isCorrecting: boolean;
  setCorrecting: (is: boolean) => void;
  /** Shows what the service has answered. */
  take: (settlement: Settlement) => void;
}) {
  const isLeader = people.party.myRole === "leader";
  if (!settlement) return isLeader ? <SettlementForm people={people} onSettled={take} /> : <Unannounced />;
  const correct = isLeader ? () => setCorrecting(true) : undefined;
  if (!isCorrecting) {
    return <SettlementView settlement={settlement} party={people.party} onMarked={take} onCorrect={correct} />;
  }
  const finish = (corrected: Settlement) => {
    take(corrected);
    setCorrecting(false);
  };
  return (
    <>
      <SettlementForm people={people} before={settlement} onSettled={finish} />
      <button type="button" class="button wide" onClick={() => setCorrecting(false)}>
        {t("그만두기", "Never mind")}
      </button>
    </>
  );
}

function Unannounced() {
  return (
    <Notice icon={Hourglass} title={t("아직 정산 전이에요", "Not settled yet")}>
      <p class="quiet">
        {t(
          "파티장이 영수증 금액을 올리면 알려 드려요.",
          "You will be told when the leader has entered the receipt.",
        )}
      </p>
    </Notice>
  );
}

function NotYet({ people: { party: { id, status, myRole } } }: { people: PartyPeople }) {
  if (status === "cancelled") {
    return (
      <Notice icon={CalendarX2} title={t("취소된 파티라 정산이 없어요", "Cancelled: there is nothing to settle")} />
    );
  }
  return (
    <Notice icon={Hourglass} title={t("파티가 끝나면 정산해요", "Settling comes after the party")}>
      <p class="quiet">
        {myRole === "leader"
          ? t("당일 화면에서 파티를 끝낸 뒤에 올릴 수 있어요.", "End the party on its day, then settle up.")
          : t(
            "파티장이 파티를 끝내고 영수증을 올리면 여기에 나와요.",
            "It appears once the leader has ended the party.",
          )}
      </p>
      {myRole === "leader" && <a class="button" href={screenPath("day", id)}>{t("당일 화면", "The day")}</a>}
    </Notice>
  );
}
