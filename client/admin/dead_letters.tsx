/** Messages that were given up, and what an admin does about them. */
import { useState } from "preact/hooks";
import type { DeadLetter, DeadLetterList, DeadLettersReplayed } from "../../contract/dead_letters.ts";
import { useAct } from "../act.ts";
import { typeName } from "../alerts/type_names.ts";
import { type Asked, Shown, useAsked } from "../ask.tsx";
import { call } from "../session.ts";
import { Sheet } from "../ui/sheet.tsx";
import { tell } from "../ui/toasts.tsx";
import { t, when } from "../words.ts";

const PATH = "/api/admin/dead-letters";
type Letters = Asked<DeadLetterList>;

/** Those dead for longest first; they are put back on their queues, one or all, or thrown away. */
export function DeadLetters() {
  const letters = useAsked<DeadLetterList>(PATH);
  return (
    <section class="section" aria-labelledby="dead-letters">
      <h2 id="dead-letters">{t("보내지 못한 알림 메시지", "Dead letters")}</h2>
      <Shown asked={letters}>
        {({ items }) =>
          items.length === 0 ? <p class="quiet">{t("보내지 못한 메시지가 없어요", "No dead letters")}</p> : (
            <>
              {items.length > 1 && <ReplayAll letters={letters} />}
              <ul class="list">
                {items.map((letter) => (
                  <Letter key={`${letter.regionCode} ${letter.eventId}`} letter={letter} letters={letters} />
                ))}
              </ul>
            </>
          )}
      </Shown>
    </section>
  );
}

function ReplayAll({ letters }: { letters: Letters }) {
  const act = useAct(letters);
  return (
    <button
      type="button"
      class="button"
      aria-busy={act.isBusy}
      onClick={() => void act.run(() => replay(letters, {}))}
    >
      {t("모두 다시 보내기", "Replay all")}
    </button>
  );
}

function Letter({ letter, letters }: { letter: DeadLetter; letters: Letters }) {
  const { regionCode, eventId, type, reason, since, times } = letter;
  const act = useAct(letters), [isAsked, setAsked] = useState(false);
  return (
    <li class="card">
      <strong>{typeName(type)}</strong>
      <p class="raw">{reason}</p>
      <p class="quiet">
        {t(
          `지역 ${regionCode} · ${when(since)}부터 ${times}번`,
          `Region ${regionCode} · ${times}× since ${when(since)}`,
        )}
      </p>
      <div class="buttons">
        <button
          type="button"
          class="button small"
          aria-busy={act.isBusy}
          onClick={() => void act.run(() => replay(letters, { eventIds: [eventId] }))}
        >
          {t("다시 보내기", "Replay")}
        </button>
        <button type="button" class="button small danger" onClick={() => setAsked(true)}>
          {t("버리기", "Throw away")}
        </button>
      </div>
      {isAsked && <Drop letter={letter} letters={letters} onClose={() => setAsked(false)} />}
    </li>
  );
}

function Drop({ letter: { eventId, type }, letters, onClose }: {
  letter: DeadLetter;
  letters: Letters;
  onClose: () => void;
}) {
  const act = useAct(letters);
  const drop = () =>
    act.run(async () => {
      await call("DELETE", `${PATH}/${encodeURIComponent(eventId)}`);
      tell(t("메시지를 버렸어요", "Thrown away"));
      await letters.reload();
    });
  return (
    <Sheet title={t("메시지를 버릴까요?", "Throw the message away?")} onClose={onClose}>
      <p>
        {typeName(type)}
        {t(
          ": 버려도 아직 알리지 못한 일은 다시 시도해요.",
          ": what nobody was told of yet is tried again all the same.",
        )}
      </p>
      <button type="button" class="button danger wide" aria-busy={act.isBusy} onClick={() => void drop()}>
        {t("버리기", "Throw away")}
      </button>
    </Sheet>
  );
}

async function replay(letters: Letters, body: { eventIds?: string[] }): Promise<void> {
  const { replayed } = await call<DeadLettersReplayed>("POST", `${PATH}/replay`, { body });
  tell(t(`메시지 ${replayed}개를 다시 보냈어요`, `${replayed} put back on their queues`));
  await letters.reload();
}
