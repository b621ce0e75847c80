/** The person signed in: how they stand, and what they can change. */
import { ChevronRight } from "lucide-preact";
import { useLocation } from "preact-iso/router";
import { useState } from "preact/hooks";
import type { Me, Profile } from "../../contract/identity.ts";
import { type ScreenName, screenPath } from "../../contract/screens.ts";
import { LanguageChoice } from "../account/language.tsx";
import { MyPenalties } from "../account/my_penalties.tsx";
import { NicknameField } from "../account/nickname_field.tsx";
import { PasswordSheet } from "../account/password_sheet.tsx";
import { ProfileFacts } from "../account/profile_facts.tsx";
import { SignedIn } from "../account/signed_in.tsx";
import { useAct, useForm } from "../act.ts";
import { Shown, useAsked } from "../ask.tsx";
import { call, learn, signOut } from "../session.ts";
import { Form } from "../ui/form.tsx";
import { Screen } from "../ui/screen.tsx";
import { tell } from "../ui/toasts.tsx";
import { t } from "../words.ts";

/** Profile, penalties, settings, and the ways on. */
export function MeScreen() {
  return (
    <Screen title={t("나", "Me")}>
      <SignedIn>{(user) => <Account key={user.id} user={user} />}</SignedIn>
    </Screen>
  );
}

function Account({ user }: { user: Me }) {
  const profile = useAsked<Profile>(`/api/users/${user.id}`);
  return (
    <>
      <section class="section" aria-labelledby="nickname">
        <h2 id="nickname">{user.nickname}</h2>
        <p class="quiet">{user.email}</p>
        <Shown asked={profile}>{(data) => <ProfileFacts profile={data} />}</Shown>
      </section>
      <MyPenalties onChange={() => void profile.reload()} />
      <Settings user={user} />
      <WaysOn user={user} />
      <Leave />
    </>
  );
}

function Settings({ user }: { user: Me }) {
  const form = useForm(), [isChangingPassword, setChangingPassword] = useState(false);
  async function rename(fields: FormData): Promise<void> {
    learn(await call<Me>("PATCH", "/api/me", { body: { nickname: String(fields.get("nickname")) } }));
    tell(t("닉네임을 바꿨어요", "Nickname changed"));
  }
  return (
    <section class="section" aria-labelledby="settings">
      <h2 id="settings">{t("설정", "Settings")}</h2>
      <LanguageChoice />
      <Form form={form} submit={t("닉네임 바꾸기", "Change nickname")} onSubmit={rename}>
        <NicknameField form={form} nickname={user.nickname} />
      </Form>
      <button type="button" class="button" onClick={() => setChangingPassword(true)}>
        {t("비밀번호 바꾸기", "Change password")}
      </button>
      {isChangingPassword && <PasswordSheet onClose={() => setChangingPassword(false)} />}
    </section>
  );
}

function WaysOn({ user: { home, role } }: { user: Me }) {
  const ways: [ScreenName, string, string?][] = [
    ["neighbourhood", t("동네", "Neighbourhood"), home?.roadAddress ?? t("아직 정하지 않았어요", "Not chosen yet")],
    ["alertPreferences", t("알림 설정", "Alert preferences")],
    ["myData", t("내 데이터", "My data")],
  ];
  if (role === "admin") ways.push(["admin", t("운영자 화면", "Administration")]);
  return (
    <nav aria-label={t("내 메뉴", "My menu")}>
      <ul class="ways">
        {ways.map(([screen, label, about]) => (
          <li key={screen}>
            <a class="row" href={screenPath(screen)}>
              <span>
                {label}
                {about && <span class="quiet">{about}</span>}
              </span>
              <ChevronRight aria-hidden="true" />
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Leave() {
  const { route } = useLocation(), act = useAct();
  async function leave(everywhere: boolean): Promise<void> {
    if (await act.run(() => signOut({ everywhere }))) route(screenPath("signIn"));
  }
  return (
    <div class="buttons">
      <button type="button" class="button" disabled={act.isBusy} onClick={() => void leave(false)}>
        {t("로그아웃", "Sign out")}
      </button>
      <button type="button" class="button" disabled={act.isBusy} onClick={() => void leave(true)}>
        {t("모든 기기에서 로그아웃", "Sign out everywhere")}
      </button>
    </div>
  );
}
