/** The code that the leader shows, and its life of half a minute. */
import { useEffect } from "preact/hooks";
import type { CheckInCode } from "../../contract/parties.ts";
import { Shown, useAsked } from "../ask.tsx";
import { t } from "../words.ts";
import { useNow } from "../timing.ts";

const PERIOD_MS = 30_000;
/** The phone's clock may be wrong: a new code is asked for so often at most, and after an answer that did not come. */
const AGAIN_MS = 2_000;

/** Large enough for a neighbour to read across a table, in words for who listens, and always the one of now. */
export function CheckInCodePanel({ partyId, onStale }: { partyId: string; onStale: () => Promise<void> }) {
  const asked = useAsked<CheckInCode>(`/api/parties/${partyId}/check-in`);
  const { data, refusal, reload } = asked;
  useEffect(() => {
    if (refusal?.isStale) void onStale();
    if (!data && !refusal) return;
    const leftMs = data && !refusal ? Date.parse(data.expiresAt) - Date.now() : 0;
    const timer = setTimeout(() => void reload(), Math.min(PERIOD_MS, Math.max(AGAIN_MS, leftMs)));
    return () => clearTimeout(timer);
  }, [data, refusal]);
  return (
    <section class="section" aria-label={t("도착 확인 코드", "Check-in code")}>
      <h2>{t("도착 확인 코드", "Check-in code")}</h2>
      <Shown asked={asked}>{(code) => <Code {...code} />}</Shown>
      <p class="quiet">
        {t("모인 이웃에게 보여 주거나 읽어 주세요.", "Show it to your neighbours, or read it out.")}
      </p>
    </section>
  );
}

function Code({ code, expiresAt }: CheckInCode) {
  const leftMs = Date.parse(expiresAt) - useNow(1_000), leftS = Math.min(30, Math.ceil(leftMs / 1_000));
  // The one before is still taken for as long as a code lives; an older one would only lead people astray.
  if (leftMs < -PERIOD_MS) return <p class="check-in-code">··· ···</p>;
  return (
    <div class="card check-in">
      <p class="check-in-code">
        <span aria-hidden="true">{code.slice(0, 3)} {code.slice(3)}</span>
        <span class="visually-hidden">{[...code].join(" ")}</span>
      </p>
      <progress max={30} value={Math.max(0, leftS)} aria-hidden="true" />
      <p class="quiet number" role="timer">
        {leftS > 0
          ? t(`${leftS}초 뒤에 바뀌어요`, `Changes in ${leftS} s`)
          : t("새 코드를 받고 있어요", "Getting a new code")}
      </p>
    </div>
  );
}
