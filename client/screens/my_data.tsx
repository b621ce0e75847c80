/** What the service keeps about the person signed in, and how to end that. */
import { Download } from "lucide-preact";
import { useState } from "preact/hooks";
import type { Me } from "../../contract/identity.ts";
import type { MyData } from "../../contract/my_data.ts";
import { screenPath } from "../../contract/screens.ts";
import { setLocationConsent } from "../account/consent.ts";
import { locationConsentText } from "../account/consent_checks.tsx";
import { saveAsFile } from "../account/save_as_file.ts";
import { SignedIn } from "../account/signed_in.tsx";
import { WithdrawSheet } from "../account/withdraw_sheet.tsx";
import { useAct } from "../act.ts";
import { call } from "../session.ts";
import { Screen } from "../ui/screen.tsx";
import { tell } from "../ui/toasts.tsx";
import { date, t } from "../words.ts";

/** Download, consents, withdrawal. */
export function MyDataScreen() {
  return (
    <Screen title={t("내 데이터", "My data")} back={screenPath("me")}>
      <SignedIn>
        {(user) => (
          <>
            <Export />
            <Consents user={user} />
            <Withdrawal />
          </>
        )}
      </SignedIn>
    </Screen>
  );
}

function Export() {
  const act = useAct();
  async function download(): Promise<void> {
    const data = await call<MyData>("GET", "/api/me/export");
    saveAsFile(`moajang-${data.exportedAt.slice(0, 10)}.json`, data);
    tell(t("파일로 저장했어요", "Saved as a file"));
  }
  return (
    <section class="section" aria-labelledby="export">
      <h2 id="export">{t("내려받기", "Download")}</h2>
      <p>
        {t(
          "계정, 파티, 채팅, 알림, 정산 등 나에 대해 저장된 모든 것을 JSON 파일 하나로 받아요.",
          "All that is kept about you (account, parties, chats, alerts, settlements) as one JSON file.",
        )}
      </p>
      <button
        type="button"
        class="button"
        aria-busy={act.isBusy}
        disabled={act.isBusy}
        onClick={() => void act.run(download)}
      >
        <Download size={20} aria-hidden="true" />
        {t("내 데이터 내려받기", "Download my data")}
      </button>
    </section>
  );
}

function Consents({ user: { createdAt, consents } }: { user: Me }) {
  const since = t(`${date(createdAt)}에 동의`, `Given on ${date(createdAt)}`);
  return (
    <section class="section" aria-labelledby="consents">
      <h2 id="consents">{t("동의", "Consents")}</h2>
      <dl class="facts">
        <dt>{t("이용약관", "Terms of use")}</dt>
        <dd>{since}</dd>
        <dt>{t("개인정보", "Personal data")}</dt>
        <dd>{since}</dd>
      </dl>
      <LocationConsent isGiven={consents.location} />
    </section>
  );
}

function LocationConsent({ isGiven }: { isGiven: boolean }) {
  const act = useAct();
  return (
    <div class="card">
      <div class="row">
        <h3>{t("위치 정보", "Location")}</h3>
        <span class="tag">{isGiven ? t("동의함", "Given") : t("동의 안 함", "Not given")}</span>
      </div>
      <p class="quiet">{locationConsentText()}</p>
      <button
        type="button"
        class="button"
        disabled={act.isBusy}
        onClick={() => void act.run(() => setLocationConsent(!isGiven))}
      >
        {isGiven ? t("동의 거두고 동네 지우기", "Take back, and erase my neighbourhood") : t("동의하기", "Give")}
      </button>
    </div>
  );
}

function Withdrawal() {
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="section" aria-labelledby="withdrawal">
      <h2 id="withdrawal">{t("탈퇴", "Withdrawal")}</h2>
      <p>
        {t(
          "계정과 개인정보를 지워요. 되돌릴 수 없어요.",
          "Erases your account and personal data. This cannot be undone.",
        )}
      </p>
      <button type="button" class="button danger" onClick={() => setOpen(true)}>{t("탈퇴하기", "Withdraw")}</button>
      {isOpen && <WithdrawSheet onClose={() => setOpen(false)} />}
    </section>
  );
}
