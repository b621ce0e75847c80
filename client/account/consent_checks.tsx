/** What people agree to, each apart, and in a few words what that means. */
import { Check } from "../ui/form.tsx";
import { t } from "../words.ts";

/** The three consents of a sign-up, as `terms`, `privacy` and `location`; the last may be left out. */
export function ConsentChecks() {
  return (
    <fieldset>
      <legend class="legend">{t("동의", "Consents")}</legend>
      {CONSENTS.map(({ name, isRequired, words }) => {
        const { label, about, text } = words();
        return (
          <div key={name}>
            <Check label={label} name={name} required={isRequired} />
            <details class="fine-print">
              <summary>{about}</summary>
              <p>{text}</p>
            </details>
          </div>
        );
      })}
    </fieldset>
  );
}

/** What the consent to use one's location is for. */
export function locationConsentText(): string {
  return t(
    "내 동네를 저장해서 가까운 파티를 찾고, 찜한 품목의 새 파티를 알려 드려요. 다른 사람에게는 보이지 않아요. 언제든 거둘 수 있고, 그때 동네도 지워져요.",
    "Your neighbourhood is kept to find parties near you and to tell you of new ones. Nobody else sees it. You can take this back at any time; your neighbourhood is erased then.",
  );
}

const CONSENTS = [
  {
    name: "terms",
    isRequired: true,
    words: () => ({
      label: t("이용약관에 동의해요 (필수)", "I agree to the terms of use (required)"),
      about: t("이용약관 내용", "About the terms of use"),
      text: t(
        "이웃끼리 함께 사고 나누는 약속을 도와요. 물건값은 참여자끼리 직접 주고받아요. 약속한 파티에 오지 않으면 페널티를 받고, 쌓이면 참여가 잠시 중지돼요.",
        "Moajang helps neighbours buy and share together. They pay each other directly. Who does not come gets a penalty; several of them suspend joining for a while.",
      ),
    }),
  },
  {
    name: "privacy",
    isRequired: true,
    words: () => ({
      label: t("개인정보 처리에 동의해요 (필수)", "I agree to the use of my personal data (required)"),
      about: t("개인정보 처리 내용", "About personal data"),
      text: t(
        "이메일과 비밀번호는 로그인에만 써요. 닉네임과 참석 기록은 다른 이웃에게 보여요. 내 데이터는 언제든 내려받을 수 있고, 탈퇴하면 지워요.",
        "E-mail and password serve signing in only. Others see your nickname and whether you came to parties. You can download your data at any time; it is erased when you withdraw.",
      ),
    }),
  },
  {
    name: "location",
    isRequired: false,
    words: () => ({
      label: t("위치 정보 이용에 동의해요 (선택)", "I agree to the use of my location (optional)"),
      about: t("위치 정보 이용 내용", "About location"),
      text: locationConsentText(),
    }),
  },
];
