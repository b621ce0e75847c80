/** Which alerts one wants, and how. */
import { useState } from "preact/hooks";
import type { AlertPreferences, QuietHours } from "../../contract/alert_preferences.ts";
import { screenPath } from "../../contract/screens.ts";
import { useForm } from "../act.ts";
import { PushSwitch } from "../alerts/push_switch.tsx";
import { QuietHoursFields } from "../alerts/quiet_hours_fields.tsx";
import { TypeTable } from "../alerts/type_table.tsx";
import { type Asked, Shown, useAsked } from "../ask.tsx";
import { call } from "../session.ts";
import { Form } from "../ui/form.tsx";
import { Screen } from "../ui/screen.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";

const PATH = "/api/me/alert-preferences";

/** By type, in the app and as a push; and when nothing is pushed. */
export function AlertPreferencesScreen() {
  const asked = useAsked<AlertPreferences>(PATH);
  return (
    <Screen title={t("알림 설정", "Alert settings")} back={screenPath("alerts")}>
      <Shown asked={asked}>{(saved) => <Preferences saved={saved} asked={asked} />}</Shown>
    </Screen>
  );
}

/** What is chosen here stays while the saved is read anew. */
function Preferences({ saved, asked }: { saved: AlertPreferences; asked: Asked<AlertPreferences> }) {
  const [chosen, setChosen] = useState(saved), form = useForm();
  const change = (part: Partial<AlertPreferences>) => setChosen((before) => ({ ...before, ...part }));
  return (
    <>
      <PushSwitch />
      <Form
        form={form}
        submit={t("저장", "Save")}
        onSubmit={async () => {
          asked.set(await call<AlertPreferences>("PUT", PATH, { body: chosen }));
          tell(t("알림 설정을 저장했어요", "Your settings are saved"));
        }}
      >
        <TypeTable types={chosen.types} onChange={(types) => change({ types })} />
        <QuietHoursFields
          quietHours={chosen.quietHours}
          wrong={(field: keyof QuietHours) => form.wrong(`/quietHours/${field}`)}
          onChange={(quietHours) => change({ quietHours })}
        />
      </Form>
    </>
  );
}
