/** The parties that one leads, is in, has applied to or waits for. */
import { Plus } from "lucide-preact";
import { useLocation } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";
import { ComingList, PastList, RecruitingList, type RoleFilter, SettlingList } from "../leader/my_party_lists.tsx";
import { Screen } from "../ui/screen.tsx";
import { t } from "../words.ts";

const ROLES = ["leader", "member", "pending", "waiting"] as const;

/** By what is to be done with them: `tab` of the address, and `role` among those that recruit. */
export function MyPartiesScreen() {
  const { query } = useLocation();
  const role = ROLES.find((each) => each === query.role);
  return (
    <Screen
      title={t("내 파티", "My parties")}
      actions={
        <a class="icon-button" href={screenPath("newParty")} aria-label={t("파티 만들기", "Open a party")}>
          <Plus aria-hidden="true" />
        </a>
      }
    >
      <Tabs current={query.tab} />
      {query.tab === "coming" && <ComingList />}
      {query.tab === "settling" && <SettlingList />}
      {query.tab === "past" && <PastList />}
      {!["coming", "settling", "past"].includes(query.tab ?? "") && (
        <>
          <Roles current={role} />
          <RecruitingList role={role} />
        </>
      )}
    </Screen>
  );
}

function Tabs({ current = "" }: { current: string | undefined }) {
  const tabs = [
    ["", t("모집 중", "Recruiting")],
    ["coming", t("예정", "Coming up")],
    ["settling", t("정산", "Settling")],
    ["past", t("지난", "Past")],
  ];
  return (
    <nav class="tabs" aria-label={t("파티 상태", "State of the party")}>
      {tabs.map(([tab, label]) => (
        <a
          key={tab}
          href={tab ? `/parties?tab=${tab}` : "/parties"}
          aria-current={tab === current ? "page" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

function Roles({ current }: { current: RoleFilter }) {
  const roles: [RoleFilter, string][] = [
    [undefined, t("전체", "All")],
    ["leader", t("파티장", "I lead")],
    ["member", t("참여", "Joined")],
    ["pending", t("신청", "Applied")],
    ["waiting", t("대기", "Waiting")],
  ];
  return (
    <nav class="chips roles" aria-label={t("내 역할", "My part")}>
      {roles.map(([role, label]) => (
        <a
          key={label}
          class="chip"
          href={role ? `/parties?role=${role}` : "/parties"}
          aria-current={role === current ? "page" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
