/** One's own penalties: which of them count, and what may be said against them. */
import { useState } from "preact/hooks";
import type { Penalty } from "../../contract/penalties.ts";
import { screenPath } from "../../contract/screens.ts";
import { useAct } from "../act.ts";
import { Shown, usePages } from "../ask.tsx";
import { date, t, when } from "../words.ts";
import { AppealSheet } from "./appeal_sheet.tsx";

/** The list, newest first. `onChange` is called when what counts has become another. */
export function MyPenalties({ onChange }: { onChange: () => void }) {
  const asked = usePages<Penalty>("/api/me/penalties"), { items, more, reload } = asked;
  const [appealed, setAppealed] = useState<string | null>(null), act = useAct();
  const penalty = items.find(({ id }) => id === appealed);
  return (
    <section class="section" aria-labelledby="penalties">
      <h2 id="penalties">{t("내 페널티", "My penalties")}</h2>
      <Shown asked={asked}>
        {() => <p class="quiet">{items.length === 0 ? t("받은 페널티가 없어요", "You have none") : whatTheyMean()}</p>}
      </Shown>
      <ul class="list">
        {items.map((each) => (
          <li key={each.id}>
            <PenaltyCard penalty={each} onAppeal={() => setAppealed(each.id)} />
          </li>
        ))}
      </ul>
      {more && (
        <button type="button" class="button" disabled={act.isBusy} onClick={() => void act.run(more)}>
          {t("더 보기", "More")}
        </button>
      )}
      {penalty && (
        <AppealSheet
          penalty={penalty}
          onClose={() => setAppealed(null)}
          reload={async () => {
            onChange();
            await reload();
          }}
        />
      )}
    </section>
  );
}

function PenaltyCard({ penalty, onAppeal }: { penalty: Penalty; onAppeal: () => void }) {
  const { partyId, kind, reason, createdAt, appealUntil, appeal } = penalty;
  const { tone, words } = standingOf(penalty);
  return (
    <article class="card">
      <h3>
        {kind === "no-show"
          ? t("파티에 오지 않음", "Did not come")
          : t("파티장이 오지 않음", "Did not come as the leader")}
      </h3>
      <p>
        <span class={`tag ${tone}`}>{words}</span>
      </p>
      <p class="quiet">{when(createdAt)}</p>
      {reason && <p>{reason}</p>}
      {appeal && <AppealSaid text={appeal.text} note={appeal.note} />}
      <div class="buttons">
        <a class="button small" href={screenPath("party", partyId)}>{t("파티 보기", "The party")}</a>
        {!appeal && isAhead(appealUntil) && (
          <button type="button" class="button small" onClick={onAppeal}>{t("이의 제기", "Appeal")}</button>
        )}
      </div>
      {!appeal && <p class="quiet">{untilWhen(appealUntil)}</p>}
    </article>
  );
}

function AppealSaid({ text, note }: { text: string; note: string }) {
  return (
    <dl class="facts">
      <dt>{t("내 이의", "My appeal")}</dt>
      <dd>{text}</dd>
      {note && (
        <>
          <dt>{t("답변", "Answer")}</dt>
          <dd>{note}</dd>
        </>
      )}
    </dl>
  );
}

const COUNTED_MS = 90 * 24 * 3600_000;

function standingOf({ createdAt, counts, appeal }: Penalty): { tone: string; words: string } {
  if (appeal?.granted === null) {
    return { tone: "warning", words: t("심사 중 · 반영 안 됨", "Under review, not counted") };
  }
  if (appeal?.granted) return { tone: "", words: t("이의 인정 · 반영 안 됨", "Appeal granted, not counted") };
  const until = new Date(Date.parse(createdAt) + COUNTED_MS).toISOString();
  if (!counts || !isAhead(until)) return { tone: "", words: t("지금은 반영 안 됨", "No longer counted") };
  return { tone: "danger", words: t(`${date(until)}까지 반영`, `Counted until ${date(until)}`) };
}

function untilWhen(appealUntil: string): string {
  return isAhead(appealUntil)
    ? t(`이의는 ${when(appealUntil)}까지 낼 수 있어요`, `You can appeal until ${when(appealUntil)}`)
    : t("이의를 낼 수 있는 기간이 지났어요", "The time to appeal is over");
}

function whatTheyMean(): string {
  return t(
    "반영되는 페널티가 2번이면 파티장이 승인해야 참여하고, 3번이면 마지막 페널티부터 14일 동안 참여할 수 없어요.",
    "With 2 that count, leaders have to accept you; with 3, you cannot join for 14 days after the last.",
  );
}

function isAhead(instant: string): boolean {
  return Date.parse(instant) > Date.now();
}
