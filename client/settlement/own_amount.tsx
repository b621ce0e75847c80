/** What the reader has to pay, or to get. */
import type { Party } from "../../contract/parties.ts";
import type { Settlement, SettlementLine } from "../../contract/settlements.ts";
import { me } from "../session.ts";
import { t, won } from "../words.ts";
import { PaidButton } from "./paid_button.tsx";

/** A member's open amount with the way to mark it as paid; the leader's is what all others still owe. */
export function OwnAmount({ settlement, party, onMarked }: {
  settlement: Settlement;
  party: Party;
  onMarked: (settlement: Settlement) => void;
}) {
  if (party.myRole === "leader") return <Owed settlement={settlement} />;
  const own = ownLine(settlement);
  if (!own) {
    return (
      <section class="card own-amount" aria-label={t("내 금액", "My amount")}>
        <p>{t("이 정산에서 낼 금액이 없어요", "You have nothing to pay")}</p>
      </section>
    );
  }
  return (
    <section class="card own-amount" aria-label={t("내 금액", "My amount")}>
      <p>{titleOf(own)}</p>
      <p class="own-amount-krw">{won(Math.abs(own.paidAt ? own.amountKrw : own.openKrw))}</p>
      {!own.paidAt && own.openKrw !== own.amountKrw && (
        <p class="quiet">
          {t(`내 몫 ${won(own.amountKrw)} 가운데 남은 금액이에요`, `What is left of ${won(own.amountKrw)}`)}
        </p>
      )}
      {own.amountKrw > 0 && <MemberMark own={own} partyId={party.id} onMarked={onMarked} />}
    </section>
  );
}

/** The line of the person signed in, if they took part. */
export function ownLine({ lines }: Settlement): SettlementLine | undefined {
  return lines.find(({ userId }) => userId === me.value?.id);
}

function titleOf({ paidAt, openKrw, amountKrw }: SettlementLine): string {
  if (openKrw < 0) return t("돌려받을 금액", "You get back");
  if (amountKrw === 0) return t("낼 금액이 없어요", "Nothing to pay");
  return paidAt ? t("보낸 금액", "You have paid") : t("보낼 금액", "You pay");
}

function MemberMark({ own, partyId, onMarked }: {
  own: SettlementLine;
  partyId: string;
  onMarked: (settlement: Settlement) => void;
}) {
  const { markedBy: { member, leader }, userId } = own;
  return (
    <>
      {leader && <p class="strong">{t("파티장이 받았다고 확인했어요", "The leader has received it")}</p>}
      {!leader && member && (
        <p class="quiet">
          {t("보냈다고 표시했어요. 파티장의 확인을 기다려요.", "Marked as paid. The leader will confirm.")}
        </p>
      )}
      {!(leader && !member) && (
        <PaidButton
          partyId={partyId}
          userId={userId}
          isMarked={member !== null}
          words={member ? t("보냄 표시 지우기", "Take the mark back") : t("보냈어요", "I have paid")}
          onMarked={onMarked}
        />
      )}
    </>
  );
}

function Owed({ settlement: { lines } }: { settlement: Settlement }) {
  const open = lines.filter(({ paidAt }) => !paidAt);
  const krw = open.reduce((sum, { openKrw }) => sum + openKrw, 0);
  return (
    <section class="card own-amount" aria-label={t("받을 금액", "To be received")}>
      <p>{krw < 0 ? t("돌려줄 금액", "To be paid back") : t("아직 받을 금액", "Still to be received")}</p>
      <p class="own-amount-krw">{won(Math.abs(krw))}</p>
      <p class="quiet">
        {open.length > 0
          ? t(`${open.length}명이 아직 보내지 않았어요`, `${open.length} have not paid yet`)
          : t("모두 보냈어요", "Everyone has paid")}
      </p>
    </section>
  );
}
