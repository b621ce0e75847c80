/** Signing in. */
import { useLocation } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";
import { LanguageChoice } from "../account/language.tsx";
import { onwardPath, withNext } from "../account/onward.ts";
import { SignedInAlready } from "../account/signed_in_already.tsx";
import { useForm } from "../act.ts";
import { signIn } from "../session.ts";
import { Field, Form } from "../ui/form.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** Signs in, and goes on to where one was about to go: `next` of the address, a path of this site. */
export function SignInScreen() {
  const { query } = useLocation();
  return (
    <Screen title={t("로그인", "Sign in")}>
      <SignedInAlready onward={onwardPath(query.next)}>
        <SignInForm onward={onwardPath(query.next)} />
        <p class="aside">
          {t("처음이신가요?", "New here?")}{" "}
          <a href={withNext(screenPath("signUp"), query.next)}>{t("가입하기", "Sign up")}</a>
        </p>
        <LanguageChoice />
      </SignedInAlready>
    </Screen>
  );
}

function SignInForm({ onward }: { onward: string }) {
  const { route } = useLocation(), form = useForm();
  return (
    <Form
      form={form}
      submit={t("로그인", "Sign in")}
      onSubmit={async (fields) => {
        await signIn({ email: String(fields.get("email")), password: String(fields.get("password")) });
        route(onward, true);
      }}
    >
      <Field
        label={t("이메일", "E-mail")}
        name="email"
        type="email"
        autocomplete="username"
        required
        isWrong={form.wrong("/email")}
      />
      <Field
        label={t("비밀번호", "Password")}
        name="password"
        type="password"
        autocomplete="current-password"
        required
        isWrong={form.wrong("/password")}
      />
    </Form>
  );
}
