/** For members who came, and waited for a leader who did not. */
import { useState } from "preact/hooks";
import type { LeaderReport } from "../../contract/penalties.ts";
import { useAct } from "../act.ts";
import { call } from "../session.ts";
import { t } from "../words.ts";
import { ConfirmSheet } from "./confirm_sheet.tsx";

/** Says so, after asking once more; then how many have. */
export function LeaderReportButton({ partyId, reload }: { partyId: string; reload: () => Promise<void> }) {
  const act = useAct({ reload }),
    [isAsking, setAsking] = useState(false),
    [report, setReport] = useState<LeaderReport>();
  const send = () =>
    void act.run(async () => setReport(await call<LeaderReport>("POST", `/api/parties/${partyId}/leader-report`)));
  if (report) return <p class="banner" role="status">{wordsOf(report)}</p>;
  return (
    <>
      <button type="button" class="button" disabled={act.isBusy} onClick={() => setAsking(true)}>
        {t("파티장이 오지 않았어요", "The leader did not come")}
      </button>
      {isAsking && (
        <ConfirmSheet
          title={t("파티장이 오지 않았나요?", "Did the leader not come?")}
          yes={t("오지 않았어요", "They did not come")}
          isDanger
          onYes={send}
          onClose={() => setAsking(false)}
        >
          <p>
            {t(
              "온 이웃의 절반이 같은 말을 하면 파티장이 페널티를 받아요.",
              "If half of those who came say so, the leader gets a penalty.",
            )}
          </p>
        </ConfirmSheet>
      )}
    </>
  );
}

function wordsOf({ reports, needed, penalised }: LeaderReport): string {
  if (penalised) return t("알려 주셔서 고마워요. 파티장이 페널티를 받았어요.", "Thank you. The leader got a penalty.");
  return t(
    `알려 주셔서 고마워요. ${needed}명 중 ${reports}명이 같은 말을 했어요.`,
    `Thank you. ${reports} of the ${needed} needed have said so.`,
  );
}
