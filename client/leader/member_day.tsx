/** A member's side of the day. */
import { CircleCheck, CircleX } from "lucide-preact";
import { screenPath } from "../../contract/screens.ts";
import { me } from "../session.ts";
import { Notice } from "../ui/notice.tsx";
import { t } from "../words.ts";
import { AttendanceList } from "./attendance_list.tsx";
import { CheckInForm } from "./check_in_form.tsx";
import { LeaderReportButton } from "./leader_report_button.tsx";
import { acceptedOf, type PartyPeople } from "./party_people.ts";

/** Reports of the leader are taken for so long after the start. */
const REPORT_MS = 7 * 24 * 3600_000;

/** The code's input until one has come; then that one has, and who else. */
export function MemberDay({ people, reload }: { people: PartyPeople; reload: () => Promise<void> }) {
  const { party } = people;
  const own = acceptedOf(people).find(({ userId }) => userId === me.value?.id);
  if (!own) return null;
  const isDone = party.status === "done";
  const mayReport = !own.attended && !own.penalised && Date.now() - Date.parse(party.startsAt) < REPORT_MS;
  return (
    <>
      {own.penalised && <Penalised />}
      {own.attended && (
        <Notice
          icon={CircleCheck}
          title={t("도착을 확인했어요", "You have checked in")}
          role="status"
        />
      )}
      {!own.attended && !own.penalised && !isDone && (
        <CheckInForm partyId={party.id} isNotedAbsent={own.attended === false} reload={reload} />
      )}
      {isDone && (
        <p class="state">
          {t("파티가 끝났어요.", "The party is over.")}
          <a class="button small" href={screenPath("settlement", party.id)}>{t("정산 보기", "Settlement")}</a>
        </p>
      )}
      <AttendanceList people={people} />
      {mayReport && <LeaderReportButton partyId={party.id} reload={reload} />}
    </>
  );
}

function Penalised() {
  return (
    <Notice icon={CircleX} title={t("오지 않아 페널티를 받았어요", "You were penalised for not coming")}>
      <a class="button" href={screenPath("me")}>{t("페널티 보기·이의 제기", "See it, or appeal")}</a>
    </Notice>
  );
}
