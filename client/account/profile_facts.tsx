/** All that anyone may know of a person. */
import type { Profile } from "../../contract/identity.ts";
import { date, t } from "../words.ts";

/** How reliable they have been, and since when. */
export function ProfileFacts({ profile }: { profile: Profile }) {
  const { attendance, penaltyCount, lateCancellations, settledOnTime, joinedAt } = profile;
  return (
    <dl class="facts">
      <dt>{t("참석", "Came")}</dt>
      <dd>{share(attendance.attended, attendance.total)}</dd>
      <dt>{t("페널티", "Penalties")}</dt>
      <dd>{recent(penaltyCount)}</dd>
      <dt>{t("늦은 취소", "Late cancellations")}</dt>
      <dd>{recent(lateCancellations)}</dd>
      <dt>{t("제때 정산", "Paid on time")}</dt>
      <dd>{share(settledOnTime.onTime, settledOnTime.total)}</dd>
      <dt>{t("가입", "Joined")}</dt>
      <dd>{date(joinedAt)}</dd>
    </dl>
  );
}

function share(count: number, total: number): string {
  if (total === 0) return t("아직 기록이 없어요", "Nothing yet");
  return t(`${total}번 중 ${count}번`, `${count} of ${total}`);
}

function recent(count: number): string {
  return t(`최근 90일 ${count}번`, `${count} in the last 90 days`);
}
