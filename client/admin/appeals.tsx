/** Appeals against penalties, as an admin decides them. */
import { useState } from "preact/hooks";
import type { Page } from "../../contract/common.ts";
import type { AppealCase } from "../../contract/penalties.ts";
import { screenPath } from "../../contract/screens.ts";
import { useAct } from "../act.ts";
import { More } from "../ui/more.tsx";
import { type AskedPages, Shown, usePages } from "../ask.tsx";
import { call } from "../session.ts";
import { Field } from "../ui/form.tsx";
import { tell } from "../ui/toasts.tsx";
import { t, when } from "../words.ts";

type Cases = AskedPages<AppealCase, Page<AppealCase>>;

/** The open ones, oldest first, or those that are decided. */
export function Appeals() {
  const [state, setState] = useState<"open" | "decided">("open");
  const cases = usePages<AppealCase, Page<AppealCase>>(`/api/admin/appeals?state=${state}`);
  const chip = (of: typeof state, label: string) => (
    <button
      type="button"
      class="chip"
      aria-pressed={state === of}
      onClick={() => setState(of)}
    >
      {label}
    </button>
  );
  return (
    <section class="section" aria-labelledby="appeals">
      <h2 id="appeals">{t("이의 신청", "Appeals")}</h2>
      <div class="chips">
        {chip("open", t("답을 기다림", "Open"))}
        {chip("decided", t("결정됨", "Decided"))}
      </div>
      <Shown asked={cases}>
        {({ items }) =>
          items.length === 0 ? <p class="quiet">{t("이의 신청이 없어요", "No appeals")}</p> : (
            <ul class="list">
              {items.map((each) => (
                <li key={each.id} class="card">
                  <Case of={each} />
                  {each.granted === null ? <Decision of={each} cases={cases} /> : <Decided of={each} />}
                </li>
              ))}
            </ul>
          )}
      </Shown>
      <More more={cases.more} />
    </section>
  );
}

function Case({ of: { text, createdAt, userId, penalty } }: { of: AppealCase }) {
  const kind = penalty.kind === "no-show"
    ? t("참여자 불참", "A member did not come")
    : t("파티장 불참", "The leader did not come");
  return (
    <>
      <p class="strong said">{text}</p>
      <dl class="facts">
        <dt>{t("페널티", "Penalty")}</dt>
        <dd>{kind} · {when(penalty.createdAt)}</dd>
        {penalty.reason && (
          <>
            <dt>{t("사유", "Reason")}</dt>
            <dd>{penalty.reason}</dd>
          </>
        )}
        <dt>{t("신청", "Appealed")}</dt>
        <dd>{when(createdAt)}</dd>
      </dl>
      <p class="buttons">
        <a class="button small" href={screenPath("user", userId)}>{t("신청한 사람", "The person")}</a>
        <a class="button small" href={screenPath("party", penalty.partyId)}>{t("파티", "The party")}</a>
      </p>
    </>
  );
}

/** What another admin has decided meanwhile is read anew. */
function Decision({ of: { id }, cases }: { of: AppealCase; cases: Cases }) {
  const act = useAct(cases), [note, setNote] = useState("");
  const decide = (granted: boolean) =>
    act.run(async () => {
      const body = { granted, ...(note.trim() && { note }) };
      await call("PATCH", `/api/admin/appeals/${id}`, { body });
      tell(granted ? t("이의를 받아들였어요", "Appeal granted") : t("이의를 기각했어요", "Appeal refused"));
      await cases.reload();
    });
  return (
    <>
      <Field
        label={t("남길 말 (선택)", "Note (optional)")}
        name={`note-${id}`}
        maxLength={500}
        value={note}
        onInput={({ currentTarget }) => setNote(currentTarget.value)}
      />
      <div class="buttons">
        <button type="button" class="button primary" disabled={act.isBusy} onClick={() => void decide(true)}>
          {t("받아들이기", "Grant")}
        </button>
        <button type="button" class="button danger" disabled={act.isBusy} onClick={() => void decide(false)}>
          {t("기각하기", "Refuse")}
        </button>
      </div>
    </>
  );
}

function Decided({ of: { granted, note, decidedAt } }: { of: AppealCase }) {
  return (
    <p>
      <span class={granted ? "tag" : "tag danger"}>{granted ? t("받아들임", "Granted") : t("기각", "Refused")}</span>
      {" "}
      <span class="quiet">{when(decidedAt!)}</span> {note}
    </p>
  );
}
