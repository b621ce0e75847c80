/** The day itself: who has come, by the leader's code, and what follows for who has not. */
import { CalendarClock, CalendarX2, Hourglass } from "lucide-preact";
import { useRoute } from "preact-iso/router";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { Shown } from "../ask.tsx";
import { LeaderDay } from "../leader/leader_day.tsx";
import { MemberDay } from "../leader/member_day.tsx";
import { usePartyPeople } from "../leader/party_people.ts";
import { useEvery, useNow } from "../timing.ts";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { ago, t, when } from "../words.ts";

/** Neighbours arrive one after the other: who has is read anew so often. */
const ARRIVALS_MS = 5_000;

/** The leader's side or a member's, from the start on; before it, when that is. */
export function DayScreen() {
  const id = useRoute().params.id!;
  const asked = usePartyPeople(id);
  const nowMs = useNow(1_000);
  const { party } = asked.data ?? {};
  const isUnderWay = party?.status === "confirmed" && Date.parse(party.startsAt) <= nowMs;
  useEvery(ARRIVALS_MS, () => isUnderWay && void asked.reload());
  return (
    <Screen title={t("당일", "The day")} back={screenPath("party", id)}>
      <Shown asked={asked}>
        {(people) => {
          const { party } = people;
          if (party.status === "cancelled") return <Cancelled />;
          if (party.status === "open") return <Recruiting party={party} />;
          if (Date.parse(party.startsAt) > nowMs) return <Ahead party={party} nowMs={nowMs} />;
          const Side = party.myRole === "leader" ? LeaderDay : MemberDay;
          return (
            <>
              <p class="aside">{party.title}</p>
              <Side people={people} reload={asked.reload} />
            </>
          );
        }}
      </Shown>
    </Screen>
  );
}

function Cancelled() {
  return (
    <Notice icon={CalendarX2} title={t("취소된 파티예요", "This party was cancelled")}>
      <a class="button" href={screenPath("parties")}>{t("내 파티로", "My parties")}</a>
    </Notice>
  );
}

function Recruiting({ party: { id, startsAt, myRole } }: { party: Party }) {
  return (
    <Notice icon={Hourglass} title={t("아직 모집 중이에요", "Still recruiting")}>
      <p class="quiet">
        {t(
          `모집이 끝나면 ${when(startsAt)}부터 여기서 도착을 확인해요.`,
          `Once recruiting is over, people check in here from ${when(startsAt)} on.`,
        )}
      </p>
      {myRole === "leader" && <a class="button" href={screenPath("members", id)}>{t("신청 관리", "Applications")}</a>}
    </Notice>
  );
}

function Ahead({ party: { startsAt, market, myRole }, nowMs }: { party: Party; nowMs: number }) {
  return (
    <Notice icon={CalendarClock} title={t(`${when(startsAt)}에 시작해요`, `Begins ${when(startsAt)}`)}>
      <p>{ago(startsAt, nowMs)}</p>
      <p class="quiet">{market.name} · {market.roadAddress}</p>
      <p class="quiet">
        {myRole === "leader"
          ? t("시작하면 도착 확인 코드가 여기에 나와요.", "The check-in code appears here when it begins.")
          : t("시작하면 파티장이 보여 주는 코드를 여기에 입력해요.", "Enter the leader's code here when it begins.")}
      </p>
    </Notice>
  );
}
