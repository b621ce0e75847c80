/** For an address that leads nowhere. */
import { Compass } from "lucide-preact";
import { Notice } from "../ui/notice.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** Leads home. */
export function NotFoundScreen() {
  return (
    <Screen title={t("없는 화면", "No such screen")}>
      <Notice icon={Compass} title={t("이 주소에는 아무것도 없어요", "There is nothing at this address")}>
        <a class="button" href="/">{t("내 주변으로", "Home")}</a>
      </Notice>
    </Screen>
  );
}
