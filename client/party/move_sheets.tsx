/** The sheets of what can be done to a party, one for each move. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Party } from "../../contract/parties.ts";
import type { LeaderReport } from "../../contract/penalties.ts";
import { call } from "../session.ts";
import { Field } from "../ui/form.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";
import { ActSheet } from "./act_sheet.tsx";
import { EditSheet } from "./edit_sheet.tsx";
import { JoinSheet } from "./join_sheet.tsx";
import { isLateToLeave, type Move } from "./moves.ts";
import type { PartyView } from "./party_view.ts";

/** The sheet that is open, as long as what it asks about can still be done. */
export function OpenSheet({ view }: { view: PartyView }) {
  const { begun, moves, begin } = view;
  const isPossible = begun && (moves.includes(begun) || isJoining(begun) && moves.some(isJoining));
  useEffect(() => void (isPossible || begin(undefined)), [isPossible]);
  if (!begun || !isPossible) return null;
  const Component = SHEETS[begun];
  return <Component key={isJoining(begun) ? "join" : begun} view={view} />;
}

/** Whether one joins or waits may change while the sheet, which is the same for both, is open. */
const isJoining = (move: Move) => move === "join" || move === "wait";

const SHEETS: Record<Move, (props: { view: PartyView }) => ComponentChildren> = {
  join: JoinSheet,
  wait: JoinSheet,
  withdraw: WithdrawSheet,
  decline: DeclineSheet,
  leave: LeaveSheet,
  report: ReportSheet,
  edit: EditSheet,
  close: CloseSheet,
  complete: CompleteSheet,
  cancel: CancelSheet,
};

function WithdrawSheet({ view }: { view: PartyView }) {
  const { id, myRole } = view.party;
  return (
    <ActSheet
      view={view}
      title={myRole === "waiting" ? t("대기를 취소할까요?", "Leave the queue?") : t("신청을 취소할까요?", "Withdraw?")}
      submit={myRole === "waiting" ? t("대기 취소하기", "Leave the queue") : t("신청 취소하기", "Withdraw")}
      tone="danger"
      act={async () => {
        await call("DELETE", `/api/parties/${id}/members/me`);
        tell(t("취소했어요", "Done"));
        await view.reload();
      }}
    >
      <p>
        {myRole === "waiting"
          ? t("다시 신청하면 맨 뒤에서 기다려요.", "Should you come back, you are the last.")
          : t("모집 중이면 다시 신청할 수 있어요.", "You can ask again while the party recruits.")}
      </p>
    </ActSheet>
  );
}

function DeclineSheet({ view }: { view: PartyView }) {
  return (
    <ActSheet
      view={view}
      title={t("이 자리를 거절할까요?", "Decline this place?")}
      submit={t("거절하기", "Decline")}
      tone="danger"
      act={async () => {
        await call("POST", `/api/parties/${view.party.id}/offer`, { body: { accept: false } });
        tell(t("거절했어요", "Declined"));
        await view.reload();
      }}
    >
      <p>{t("다음 사람에게 넘어가고, 대기에서도 빠져요.", "It goes on to the next, and you leave the queue.")}</p>
    </ActSheet>
  );
}

function LeaveSheet({ view }: { view: PartyView }) {
  const { party, now } = view, isLate = isLateToLeave(party, now);
  return (
    <ActSheet
      view={view}
      title={t("파티에서 나갈까요?", "Leave the party?")}
      submit={isLate ? t("늦은 취소로 나가기", "Leave late") : t("나가기", "Leave")}
      tone="danger"
      act={async () => {
        await call("DELETE", `/api/parties/${party.id}/members/me${party.status === "confirmed" ? "?late=true" : ""}`);
        tell(t("파티에서 나왔어요", "You have left"));
        await view.reload();
      }}
    >
      {isLate
        ? (
          <p class="banner" role="alert">
            {t(
              "늦은 취소예요. 내 프로필에 90일 동안 남고 모두가 볼 수 있어요. 파티장과 이웃이 장보기를 다시 나눠야 해요.",
              "This is a late cancellation: everybody sees it on your profile for 90 days, and the others have to share anew.",
            )}
          </p>
        )
        : <p>{t("내 몫은 다른 이웃에게 돌아가요.", "Your share is free for others again.")}</p>}
    </ActSheet>
  );
}

function ReportSheet({ view }: { view: PartyView }) {
  return (
    <ActSheet
      view={view}
      title={t("파티장이 오지 않았나요?", "Did the leader not come?")}
      submit={t("오지 않았다고 알리기", "Report")}
      tone="danger"
      act={async () => {
        const { reports, needed } = await call<LeaderReport>("POST", `/api/parties/${view.party.id}/leader-report`);
        tell(t(`알렸어요 (${reports}/${needed}명)`, `Reported (${reports} of ${needed})`));
      }}
    >
      <p>
        {t(
          "나온 이웃의 절반이 알리면 파티장이 페널티를 받아요. 누군가 파티장의 코드로 출석했다면 알릴 수 없어요.",
          "With half of those who came the leader gets a penalty. Not where somebody has checked in by the leader's code.",
        )}
      </p>
    </ActSheet>
  );
}

/** A move of the leader's that answers with the party. */
async function move(view: PartyView, which: "confirm" | "complete" | "cancel", body?: { reason?: string }) {
  view.show(await call<Party>("POST", `/api/parties/${view.party.id}/${which}`, { ...(body && { body }) }));
}

function CloseSheet({ view }: { view: PartyView }) {
  return (
    <ActSheet
      view={view}
      title={t("모집을 마감할까요?", "Close the recruiting?")}
      submit={t("모집 마감하기", "Close")}
      act={() => move(view, "confirm")}
    >
      <p>
        {t(
          "지금 참여한 사람끼리 확정돼요. 답하지 않은 신청은 거절되고, 다시 열 수 없어요.",
          "The party is made of those who are in now. Open applications are refused; there is no way back.",
        )}
      </p>
    </ActSheet>
  );
}

function CompleteSheet({ view }: { view: PartyView }) {
  return (
    <ActSheet
      view={view}
      title={t("파티를 마칠까요?", "End the party?")}
      submit={t("완료하기", "End it")}
      act={() => move(view, "complete")}
    >
      <p>{t("마치면 정산할 수 있어요. 출석을 먼저 확인해 주세요.", "Then it can be settled. Check who came first.")}</p>
    </ActSheet>
  );
}

function CancelSheet({ view }: { view: PartyView }) {
  return (
    <ActSheet
      view={view}
      title={t("파티를 취소할까요?", "Cancel the party?")}
      submit={t("파티 취소하기", "Cancel the party")}
      tone="danger"
      act={(fields) => {
        const reason = String(fields.get("reason")).trim();
        return move(view, "cancel", reason ? { reason } : {});
      }}
    >
      <p>
        {t(
          "참여한 사람과 신청한 사람 모두에게 알려요. 되돌릴 수 없어요.",
          "Everybody is told, and there is no way back.",
        )}
      </p>
      <Field
        label={t("이유 (선택)", "Reason (optional)")}
        name="reason"
        maxlength={500}
        hint={t("이웃에게 그대로 보여요", "The others read it")}
      />
    </ActSheet>
  );
}
