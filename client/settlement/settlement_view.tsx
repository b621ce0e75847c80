/** A settlement that is announced. */
import { CircleCheck, Copy } from "lucide-preact";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import type { Settlement } from "../../contract/settlements.ts";
import { tell } from "../ui/toasts.tsx";
import { day, t, when, won } from "../words.ts";
import { OwnAmount, ownLine } from "./own_amount.tsx";
import { SettlementLines } from "./settlement_lines.tsx";

/** One's own amount, where to pay to, everyone's lines, and what was corrected. With `onCorrect`, the way to correct it. */
export function SettlementView({ settlement, party, onMarked, onCorrect }: {
  settlement: Settlement;
  party: Party;
  onMarked: (settlement: Settlement) => void;
  onCorrect?: (() => void) | undefined;
}) {
  const own = ownLine(settlement);
  return (
    <>
      {settlement.settledAt && <Settled at={settlement.settledAt} />}
      <OwnAmount settlement={settlement} party={party} onMarked={onMarked} />
      {!onCorrect && own && own.amountKrw > 0 && <Account party={party} account={settlement.account} />}
      <SettlementLines settlement={settlement} party={party} onMarked={onMarked} />
      <Sums settlement={settlement} account={onCorrect && settlement.account} />
      {onCorrect && (
        <button type="button" class="button wide" onClick={onCorrect}>{t("정산 고치기", "Correct it")}</button>
      )}
      {settlement.corrections.length > 0 && <Corrections settlement={settlement} />}
    </>
  );
}

function Settled({ at }: { at: string }) {
  return (
    <p class="state">
      <CircleCheck aria-hidden="true" />
      {t(`${day(at)}에 정산이 끝났어요`, `Settled on ${day(at)}`)}
    </p>
  );
}

function Account({ party, account }: { party: Party; account: string | null }) {
  if (account === null) {
    return (
      <section class="card" aria-label={t("받을 계좌", "Account")}>
        <p>{t("적어 둔 계좌가 없어요. 파티장에게 물어봐 주세요.", "No account is given. Ask the leader.")}</p>
        <a class="button small" href={screenPath("chat", party.id)}>{t("채팅으로 가기", "To the chat")}</a>
      </section>
    );
  }
  return (
    <section class="card" aria-label={t("받을 계좌", "Account")}>
      <p class="quiet">{t("보낼 계좌", "Pay to")}</p>
      <div class="row">
        <strong>{account}</strong>
        <button type="button" class="button small" onClick={() => void copy(account)}>
          <Copy aria-hidden="true" size={18} />
          {t("복사", "Copy")}
        </button>
      </div>
    </section>
  );
}

/** A browser may not let a page write there. */
async function copy(account: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(account);
    tell(t("계좌를 복사했어요", "Copied"));
  } catch {
    tell(t("복사하지 못했어요. 길게 눌러 복사해 주세요", "Could not copy. Press and hold to copy"), { isError: true });
  }
}

function Sums({ settlement, account }: { settlement: Settlement; account: string | null | undefined }) {
  const { totalKrw, sharedKrw, frozenAt } = settlement;
  return (
    <dl class="facts">
      <dt>{t("총액", "Total")}</dt>
      <dd class="number">{won(totalKrw)}</dd>
      {sharedKrw > 0 && (
        <>
          <dt>{t("똑같이 나눈 비용", "Shared alike")}</dt>
          <dd class="number">{won(sharedKrw)}</dd>
        </>
      )}
      {account && (
        <>
          <dt>{t("받을 계좌", "Account")}</dt>
          <dd>{account}</dd>
        </>
      )}
      <dt>{t("올린 때", "Announced")}</dt>
      <dd>{when(frozenAt)}</dd>
    </dl>
  );
}

function Corrections({ settlement: { corrections, lines } }: { settlement: Settlement }) {
  const nameOf = (userId: string) => lines.find((line) => line.userId === userId)?.nickname;
  return (
    <section class="section">
      <h2>{t("고친 기록", "Corrections")}</h2>
      <ul class="corrections">
        {corrections.map(({ userId, amountKrw, createdAt }) => (
          <li key={`${userId} ${createdAt}`} class="row">
            <span>
              {nameOf(userId)} <span class="quiet">{when(createdAt)}</span>
            </span>
            <strong class="number">{amountKrw > 0 ? "+" : "−"}{won(Math.abs(amountKrw))}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}
