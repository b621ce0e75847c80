/** Choosing the language. */
import type { Me } from "../../contract/identity.ts";
import { useAct } from "../act.ts";
import { call, learn, me } from "../session.ts";
import { type Language, locale, t } from "../words.ts";

const NAMES: Record<Language, string> = { ko: "한국어", en: "English" };

/** Korean or English, each by its own name. */
export function LanguageChoice() {
  const act = useAct();
  return (
    <div class="chips" role="group" aria-label={t("언어", "Language")}>
      {(Object.keys(NAMES) as Language[]).map((language) => (
        <button
          key={language}
          type="button"
          class="chip"
          lang={language}
          aria-pressed={locale.value === language}
          onClick={() => void act.run(() => speak(language))}
        >
          {NAMES[language]}
        </button>
      ))}
    </div>
  );
}

/** Speaks this language from now on; whoever is signed in, everywhere. Throws a Refusal. */
export async function speak(language: Language): Promise<void> {
  if (me.peek()) learn(await call<Me>("PATCH", "/api/me", { body: { locale: language } }));
  else locale.value = language;
}
