/** Where a party is at, and one's own place in it, in a sentence. */
import { useEffect } from "preact/hooks";
import type { Offer, Party } from "../../contract/parties.ts";
import { clock, shareKrw, t, won } from "../words.ts";
import { isFull, type Stage, stageOf } from "./moves.ts";
import type { PartyView } from "./party_view.ts";
import { exactAmount } from "./quantities.ts";
import { useNow } from "../timing.ts";

/** Nothing where the party simply recruits, or one is simply in it. */
export function PartyState({ view }: { view: PartyView }) {
  const { party, now } = view, stage = stageOf(party, now);
  const offer = stage === "recruiting" || stage === "closed" || stage === "confirmed"
    ? party.myQueue?.offer
    : undefined;
  if (offer) return <OfferCard view={view} offer={offer} />;
  const words = wordsOf(party, stage);
  return words && <p class={stage === "cancelled" ? "state danger" : "state"} role="status">{words}</p>;
}

function wordsOf(party: Party, stage: Stage): string | null {
  const { myRole, myQueue } = party, isOutside = myRole === "none";
  if (stage === "cancelled") return t("취소된 파티예요", "This party was cancelled");
  if (stage === "done") return t("끝난 파티예요", "This party is over");
  if (stage === "begun") {
    return isOutside ? t("이미 시작한 파티예요", "This party has begun") : t("지금 진행 중이에요", "On now");
  }
  if (myQueue) {
    return t(
      `대기 ${myQueue.place}번째예요. 자리가 나면 알려 드려요.`,
      `You are number ${myQueue.place} in the queue.`,
    );
  }
  if (myRole === "pending") return t("신청했어요. 파티장의 답을 기다려요.", "You have asked. The leader decides.");
  if (isFull(party) && isOutside) return t("가득 찼어요. 대기 신청은 할 수 있어요.", "Full. You can wait for a place.");
  if (stage === "closed") return t("모집 시간이 끝났어요", "The time to join is over");
  return stage === "confirmed" && isOutside ? t("모집이 끝났어요", "This party takes nobody any more") : null;
}

/** What is kept for who waits, and for how long still. Who lets it run out has left the queue. */
function OfferCard({ view, offer }: { view: PartyView; offer: Offer }) {
  const { party, reload } = view,
    leftS = Math.ceil((Date.parse(offer.until) - useNow(1_000)) / 1_000),
    isOver = leftS <= 0;
  useEffect(() => void (isOver && reload()), [isOver]);
  const krw = shareKrw(party, offer.quantity);
  return (
    <section class="card unread" aria-label={t("자리 제안", "Offer of a place")}>
      <p class="strong">{t("자리가 났어요!", "There is a place for you!")}</p>
      <p>
        {exactAmount(offer.quantity, party.unit)}
        {krw !== null && ` · ${t(`약 ${won(krw)}`, `about ${won(krw)}`)}`}
      </p>
      {isOver ? <p class="danger">{t("제안 시간이 끝났어요", "The offer has run out")}</p> : (
        <p>
          {t(`${clock(offer.until)}까지 답해 주세요`, `Answer by ${clock(offer.until)}`)} ·{" "}
          <span class="strong number" role="timer">{minutesAndSeconds(leftS)}</span>
        </p>
      )}
    </section>
  );
}

function minutesAndSeconds(s: number): string {
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}
