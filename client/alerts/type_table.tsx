/** The types of alerts, each with the ways in which it comes. */
import type { AlertPreferences, AlertWays } from "../../contract/alert_preferences.ts";
import type { EventType } from "../../contract/events.ts";
import { t } from "../words.ts";
import { typeNames } from "./type_names.ts";

type Types = AlertPreferences["types"];

/** A box for each type and way. */
export function TypeTable({ types, onChange }: { types: Types; onChange: (types: Types) => void }) {
  const ways: [keyof AlertWays, string][] = [["stream", t("앱에서", "In the app")], ["push", t("푸시", "Push")]];
  return (
    <section class="section">
      <h2>{t("알림 종류", "Types")}</h2>
      <p class="quiet">
        {t(
          "푸시로 받는 알림은 알림함에도 남아요. 둘 다 끄면 알리지 않아요.",
          "What is pushed is in your inbox, too. With both off you are not told.",
        )}
      </p>
      <table class="ways">
        <thead>
          <tr>
            <th scope="col">{t("종류", "Type")}</th>
            {ways.map(([way, label]) => <th key={way} scope="col">{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {Object.entries(typeNames()).map(([type, name]) => (
            <tr key={type}>
              <th scope="row">{name}</th>
              {ways.map(([way, label]) => (
                <td key={way}>
                  <label class="check">
                    <input
                      type="checkbox"
                      aria-label={`${name} · ${label}`}
                      checked={types[type as EventType][way]}
                      onChange={({ currentTarget: { checked } }) =>
                        onChange({ ...types, [type]: { ...types[type as EventType], [way]: checked } })}
                    />
                  </label>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
