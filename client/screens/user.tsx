/** Another person, as far as anyone may know them. */
import { useRoute } from "preact-iso/router";
import type { Profile } from "../../contract/identity.ts";
import { screenPath } from "../../contract/screens.ts";
import { ProfileFacts } from "../account/profile_facts.tsx";
import { Shown, useAsked } from "../ask.tsx";
import { me } from "../session.ts";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

/** Their name and how reliable they have been. */
export function UserScreen() {
  const { params: { id = "" } } = useRoute();
  const asked = useAsked<Profile>(`/api/users/${id}`);
  return (
    <Screen title={asked.data?.nickname ?? t("프로필", "Profile")}>
      <Shown asked={asked}>
        {(profile) => (
          <>
            <ProfileFacts profile={profile} />
            {profile.id === me.value?.id && (
              <a class="button" href={screenPath("me")}>{t("내 프로필 바꾸기", "Change my profile")}</a>
            )}
          </>
        )}
      </Shown>
    </Screen>
  );
}
