/** Passwords in forms. */
import type { FormAct } from "../act.ts";
import { Field } from "../ui/form.tsx";
import { t } from "../words.ts";

/** The password that one has. */
export function CurrentPasswordField({ form, name, label }: { form: FormAct; name: string; label: string }) {
  const isWrong = form.refusal?.code === "bad-credentials";
  return (
    <Field
      label={label}
      name={name}
      type="password"
      autocomplete="current-password"
      required
      hint={isWrong ? t("비밀번호가 맞지 않아요", "Wrong password") : undefined}
      isWrong={isWrong}
    />
  );
}

/** The password that one is to have; the service refuses it under its name when it is too common. */
export function NewPasswordField({ form, name, label }: { form: FormAct; name: string; label: string }) {
  const isWrong = form.wrong(`/${name}`);
  return (
    <Field
      label={label}
      name={name}
      type="password"
      autocomplete="new-password"
      required
      minLength={8}
      maxLength={128}
      hint={isWrong
        ? t("너무 흔하거나 이메일·닉네임과 비슷해요", "Too common, or too close to your e-mail or nickname")
        : t("8자 이상", "8 characters or more")}
      isWrong={isWrong}
    />
  );
}
