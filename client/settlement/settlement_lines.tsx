/** Everyone's line: what they took, what it costs, and who says that it is paid. */
import type { Party } from "../../contract/parties.ts";
import type { Settlement, SettlementLine } from "../../contract/settlements.ts";
import { me } from "../session.ts";
import { amount, day, t, won } from "../words.ts";
import { PaidButton } from "./paid_button.tsx";

/** All see all lines; the leader marks what has come. */
export function SettlementLines({ settlement: { lines }, party, onMarked }: {
  settlement: Settlement;
  party: Party;
  onMarked: (settlement: Settlement) => void;
}) {
  const unpaid = lines.filter(({ paidAt }) => !paidAt).length;
  return (
    <section class="section">
      <h2>
        {t("나눈 금액", "Who pays what")}{" "}
        {unpaid > 0 && <span class="quiet">{t(`${unpaid}명이 아직 안 냈어요`, `${unpaid} unpaid`)}</span>}
      </h2>
      <ul class="list">
        {lines.map((line) => (
          <li key={line.userId} class="card">
            <Line line={line} party={party} />
            {party.myRole === "leader" && line.userId !== party.leader.id && line.amountKrw > 0 && (
              <LeaderMark line={line} partyId={party.id} onMarked={onMarked} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Line({ line, party }: { line: SettlementLine; party: Party }) {
  const { userId, nickname, quantity, amountKrw } = line;
  return (
    <>
      <div class="row">
        <span>
          <strong>{nickname}</strong> {userId === me.value?.id && <span class="tag">{t("나", "Me")}</span>}
        </span>
        <strong class="number">{won(amountKrw)}</strong>
      </div>
      <div class="row">
        <span class="quiet">{amount(quantity, party.unit)} · {markOf(line, party)}</span>
        <StateTag line={line} />
      </div>
    </>
  );
}

function StateTag({ line: { paidAt, openKrw, amountKrw } }: { line: SettlementLine }) {
  if (paidAt) return <span class="tag">{t("냄", "Paid")}</span>;
  if (openKrw < 0) return <span class="tag warning">{t(`${won(-openKrw)} 돌려받음`, `${won(-openKrw)} back`)}</span>;
  const rest = openKrw === amountKrw ? t("안 냄", "Unpaid") : t(`${won(openKrw)} 남음`, `${won(openKrw)} left`);
  return <span class="tag warning">{rest}</span>;
}

/** Whose word it is that the line is paid. */
function markOf({ userId, amountKrw, markedBy: { member, leader } }: SettlementLine, party: Party): string {
  if (amountKrw === 0) return t("낼 금액 없음", "nothing to pay");
  if (userId === party.leader.id) return t("계산대에서 냄", "paid at the till");
  if (leader) return t(`${day(leader)} 파티장 확인`, `confirmed ${day(leader)}`);
  if (member) return t(`${day(member)} 본인 표시`, `marked by them ${day(member)}`);
  return t("표시 없음", "not marked");
}

function LeaderMark({ line: { userId, nickname, markedBy }, partyId, onMarked }: {
  line: SettlementLine;
  partyId: string;
  onMarked: (settlement: Settlement) => void;
}) {
  const isMarked = markedBy.leader !== null;
  return (
    <PaidButton
      partyId={partyId}
      userId={userId}
      isMarked={isMarked}
      words={isMarked ? t("받음 표시 지우기", "Take the mark back") : t("받았어요", "Received")}
      about={nickname}
      isSmall
      onMarked={onMarked}
    />
  );
}
