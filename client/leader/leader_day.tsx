/** The leader's side of the day. */
import { useState } from "preact/hooks";
import { screenPath } from "../../contract/screens.ts";
import { useAct } from "../act.ts";
import { call } from "../session.ts";
import { t } from "../words.ts";
import { AttendanceList, guestsOf } from "./attendance_list.tsx";
import { CheckInCodePanel } from "./check_in_code.tsx";
import { ConfirmSheet } from "./confirm_sheet.tsx";
import type { PartyPeople } from "./party_people.ts";
import { PenaltyForm } from "./penalty_form.tsx";

/** The code and who has come; once the leader has ended the party, penalties and the way to the settlement. */
export function LeaderDay({ people, reload }: { people: PartyPeople; reload: () => Promise<void> }) {
  const { party } = people;
  if (party.status === "confirmed") {
    return (
      <>
        <CheckInCodePanel partyId={party.id} onStale={reload} />
        <AttendanceList people={people} reload={reload} />
        <Complete people={people} reload={reload} />
      </>
    );
  }
  return (
    <>
      <p class="state">
        {t("파티가 끝났어요.", "The party is over.")}
        <a class="button small" href={screenPath("settlement", party.id)}>{t("정산하기", "Settle up")}</a>
      </p>
      <AttendanceList people={people} reload={reload} />
      <PenaltyForm people={people} reload={reload} />
    </>
  );
}

function Complete({ people, reload }: { people: PartyPeople; reload: () => Promise<void> }) {
  const act = useAct({ reload }), [isAsking, setAsking] = useState(false);
  const unmarked = guestsOf(people).filter(({ attended }) => attended === null).length;
  const complete = () =>
    void act.run(async () => {
      await call("POST", `/api/parties/${people.party.id}/complete`);
      await reload();
    });
  return (
    <>
      <button
        type="button"
        class="button primary wide"
        aria-busy={act.isBusy}
        disabled={act.isBusy}
        onClick={() => setAsking(true)}
      >
        {t("파티 끝내기", "End the party")}
      </button>
      {isAsking && (
        <ConfirmSheet
          title={t("파티를 끝낼까요?", "End the party?")}
          yes={t("끝내기", "End it")}
          onYes={complete}
          onClose={() => setAsking(false)}
        >
          {unmarked > 0 && (
            <p class="strong">
              {t(`${unmarked}명은 왔는지 아직 몰라요.`, `Of ${unmarked} it is not known whether they came.`)}
            </p>
          )}
          <p>
            {t(
              "끝내면 코드가 사라지고 정산할 수 있어요. 되돌릴 수 없어요.",
              "The code goes, and you can settle up. There is no way back.",
            )}
          </p>
        </ConfirmSheet>
      )}
    </>
  );
}
