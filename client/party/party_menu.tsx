/** What else those who are in a party can do with it. */
import { screenPath } from "../../contract/screens.ts";
import { t } from "../words.ts";
import { isIn, type Move, stageOf } from "./moves.ts";
import { Section } from "./party_facts.tsx";
import { MoveButton } from "./party_footer.tsx";
import type { PartyView } from "./party_view.ts";

/** The ways to the party's other screens that the footer does not have, and the moves, the grave ones last. */
export function PartyMenu({ view }: { view: PartyView }) {
  const { party, moves, now } = view, stage = stageOf(party, now), isLeader = party.myRole === "leader";
  if (!isIn(party)) return null;
  const hasMembers = isLeader && stage !== "recruiting" && stage !== "closed", hasDay = stage === "done";
  if (moves.length === 0 && !hasMembers && !hasDay) return null;
  return (
    <Section title={isLeader ? t("파티 관리", "Manage the party") : t("내 참여", "My place")}>
      <div class="buttons">
        {hasMembers && <a class="button" href={screenPath("members", party.id)}>{t("참여자 관리", "Members")}</a>}
        {hasDay && <a class="button" href={screenPath("day", party.id)}>{t("당일 출석", "Attendance")}</a>}
        {moves.map((move) => (
          <MoveButton key={move} view={view} move={move} tone={GRAVE.includes(move) ? "danger" : ""}>
            {nameOf(move)}
          </MoveButton>
        ))}
      </div>
    </Section>
  );
}

const GRAVE: Move[] = ["cancel", "leave", "report"];

function nameOf(move: Move): string {
  return {
    join: "",
    wait: "",
    withdraw: "",
    decline: "",
    leave: t("나가기", "Leave"),
    report: t("파티장이 안 왔어요", "The leader did not come"),
    edit: t("수정", "Edit"),
    close: t("모집 마감", "Close the recruiting"),
    complete: t("파티 완료", "End the party"),
    cancel: t("파티 취소", "Cancel the party"),
  }[move];
}
