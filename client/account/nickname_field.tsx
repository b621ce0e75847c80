/** The nickname in a form. */
import type { FormAct } from "../act.ts";
import { Field } from "../ui/form.tsx";
import { t } from "../words.ts";

/** Says when somebody else has it. */
export function NicknameField({ form, nickname }: { form: FormAct; nickname?: string }) {
  const isTaken = form.refusal?.code === "nickname-taken";
  return (
    <Field
      label={t("닉네임", "Nickname")}
      name="nickname"
      autocomplete="nickname"
      required
      minLength={2}
      maxLength={20}
      defaultValue={nickname}
      hint={isTaken
        ? t("이미 쓰는 사람이 있어요. 다른 닉네임을 골라 주세요.", "Somebody else has it. Choose another one.")
        : t("이웃에게 보이는 이름, 2–20자", "What others see, 2–20 characters")}
      isWrong={isTaken || form.wrong("/nickname")}
    />
  );
}
