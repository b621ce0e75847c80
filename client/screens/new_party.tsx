/** Making a party in three steps and a look at it. */
import { KeyRound } from "lucide-preact";
import { useLocation } from "preact-iso/router";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { Refusal } from "../http.ts";
import { bodyOf, type Draft, dropDraft } from "../party/draft.ts";
import { checkStep, LAST_STEP, stepOfField, stepWithin } from "../party/draft_steps.ts";
import { StepFields, StepHeading } from "../party/step_frame.tsx";
import { useStepForm } from "../party/step_form.ts";
import { useDraft } from "../party/use_draft.ts";
import { call, me } from "../session.ts";
import { Form } from "../ui/form.tsx";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";

const PATH = screenPath("newParty");

/** For people who are signed in; `itemId` and `marketId` of the address are chosen already. */
export function NewPartyScreen() {
  const { url } = useLocation();
  if (me.value) return <Steps userId={me.value.id} />;
  return (
    <Screen title={t("파티 만들기", "Open a party")} back={screenPath("home")}>
      <Notice icon={KeyRound} title={t("로그인하면 파티를 열 수 있어요", "Sign in to open a party")}>
        <a class="button" href={`/signin?next=${encodeURIComponent(url)}`}>{t("로그인", "Sign in")}</a>
      </Notice>
    </Screen>
  );
}

/** Each step has an address, so that the way back is the browser's own. */
function Steps({ userId }: { userId: string }) {
  const { query, route } = useLocation();
  const { draft, change } = useDraft(userId, query);
  const step = stepWithin(draft, Number(query.step) || 1), form = useStepForm(draft, step);
  const goTo = (next: number) => route(`${PATH}?step=${next}`);
  const leave = (to: string, words: string) => {
    dropDraft(userId);
    tell(words);
    route(to, true);
  };
  const open = async () => {
    try {
      const { id } = await openParty(draft);
      leave(screenPath("party", id), t("파티를 열었어요", "Your party is open"));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "idempotency-mismatch") {
        // The first try went well although no answer came; what was changed since can be changed there.
        return leave(screenPath("parties"), t("이 파티는 이미 열려 있어요", "This party is open already"));
      }
      if (error.errors[0]) goTo(stepOfField(error.errors[0].pointer));
      throw error;
    }
  };
  const goOn = async () => {
    if (step === LAST_STEP) return await open();
    checkStep(draft, step);
    goTo(step + 1);
  };
  return (
    <Screen
      title={t("파티 만들기", "Open a party")}
      back={step === 1 ? screenPath("home") : `${PATH}?step=${step - 1}`}
    >
      <StepHeading step={step} refusal={form.refusal} />
      <Form
        form={form}
        submit={step < LAST_STEP ? t("다음", "Next") : t("파티 열기", "Open the party")}
        onSubmit={goOn}
      >
        <StepFields step={step} draft={draft} change={change} wrong={form.wrong} />
      </Form>
    </Screen>
  );
}

/** However often it is sent, one draft opens one party. Throws a Refusal. */
async function openParty(draft: Draft): Promise<Party> {
  return await call<Party>("POST", "/api/parties", {
    body: bodyOf(draft),
    headers: { "idempotency-key": draft.key },
  });
}
