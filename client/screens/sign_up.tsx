/** Signing up. */
import { useLocation } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";
import { ConsentChecks } from "../account/consent_checks.tsx";
import { LanguageChoice, speak } from "../account/language.tsx";
import { NicknameField } from "../account/nickname_field.tsx";
import { onwardPath, withNext } from "../account/onward.ts";
import { NewPasswordField } from "../account/password_field.tsx";
import { SignedInAlready } from "../account/signed_in_already.tsx";
import { type FormAct, useAct, useForm } from "../act.ts";
import { signUp } from "../session.ts";
import { Field, Form } from "../ui/form.tsx";
import { Screen } from "../ui/screen.tsx";
import { locale, t } from "../words.ts";

/** Makes an account, and goes on to choose the neighbourhood. */
export function SignUpScreen() {
  const { query } = useLocation();
  return (
    <Screen title={t("가입하기", "Sign up")} back={withNext(screenPath("signIn"), query.next)}>
      <SignedInAlready onward={onwardPath(query.next)}>
        <SignUpForm next={query.next} />
        <p class="aside">
          {t("이미 가입했나요?", "Have an account?")}{" "}
          <a href={withNext(screenPath("signIn"), query.next)}>{t("로그인", "Sign in")}</a>
        </p>
        <LanguageChoice />
      </SignedInAlready>
    </Screen>
  );
}

function SignUpForm({ next }: { next: string | undefined }) {
  const { route } = useLocation(), form = useForm(), act = useAct();
  async function send(fields: FormData): Promise<void> {
    const language = locale.peek(), text = (name: string) => String(fields.get(name));
    const consents = { terms: true, privacy: true, location: fields.has("location") } as const;
    await signUp({ email: text("email"), password: text("password"), nickname: text("nickname"), consents });
    // A new account speaks Korean.
    if (language !== locale.peek()) await act.run(() => speak(language));
    route(withNext(screenPath("neighbourhood"), next), true);
  }
  return (
    <Form form={form} submit={t("가입하기", "Sign up")} onSubmit={send}>
      <EmailField form={form} />
      <NewPasswordField form={form} name="password" label={t("비밀번호", "Password")} />
      <NicknameField form={form} />
      <ConsentChecks />
    </Form>
  );
}

function EmailField({ form }: { form: FormAct }) {
  const isTaken = form.refusal?.code === "email-taken";
  return (
    <Field
      label={t("이메일", "E-mail")}
      name="email"
      type="email"
      autocomplete="username"
      required
      maxLength={254}
      hint={isTaken ? t("다른 이메일을 쓰거나 로그인해 주세요", "Use another e-mail, or sign in") : undefined}
      isWrong={isTaken || form.wrong("/email")}
    />
  );
}
