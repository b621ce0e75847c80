/** The lists of 내 파티: what is open, ahead, to be settled, and over. */
import { CalendarClock, History, ReceiptText, ShoppingBasket } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Page } from "../../contract/common.ts";
import type { Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { type Asked, type AskedPages, Shown, usePages } from "../ask.tsx";
import { More } from "../ui/more.tsx";
import { newestAlert } from "../live/alerts.ts";
import { Notice } from "../ui/notice.tsx";
import { PartyCard } from "../ui/party_card.tsx";
import { t } from "../words.ts";
import { mergeLists, type PartList } from "./merged_lists.ts";
import { SettlementState, useUnsettled } from "./unsettled.tsx";

/** What can be asked of GET /api/me/parties. */
export type RoleFilter = "leader" | "member" | "pending" | "waiting" | undefined;

/** Parties that still recruit. */
export function RecruitingList({ role }: { role: RoleFilter }) {
  const asked = useMine("open", role);
  return (
    <PartyList asked={asked} list={asked} onward={nextStepOf}>
      <Notice icon={ShoppingBasket} title={t("모집 중인 파티가 없어요", "No party is recruiting")}>
        <a class="button primary" href={screenPath("home")}>{t("내 주변 파티 찾기", "Find one nearby")}</a>
        <a class="button" href={screenPath("newParty")}>{t("직접 파티 열기", "Open one yourself")}</a>
      </Notice>
    </PartyList>
  );
}

/** Parties whose members are settled, and which are ahead or under way. */
export function ComingList() {
  const asked = useMine("confirmed");
  return (
    <PartyList asked={asked} list={asked} onward={nextStepOf}>
      <Notice icon={CalendarClock} title={t("예정된 파티가 없어요", "No party is coming up")}>
        <p class="quiet">
          {t("모집이 끝난 파티가 여기에 모여요.", "Parties come here once their recruiting is over.")}
        </p>
        <a class="button" href={screenPath("parties")}>{t("모집 중인 파티 보기", "See what is recruiting")}</a>
      </Notice>
    </PartyList>
  );
}

/** Parties that are over and not all paid for. */
export function SettlingList() {
  const { asked, parties, stateOf } = useUnsettled(useMine("done"));
  return (
    <PartyList
      asked={asked}
      list={{ items: parties, more: asked.more }}
      onward={(party) => <SettlementState party={party} settlement={stateOf(party)} />}
    >
      <Notice icon={ReceiptText} title={t("정산할 파티가 없어요", "Nothing to settle")}>
        <p class="quiet">
          {t("끝난 파티는 모두가 보낼 때까지 여기에 있어요.", "Parties that are over stay here until all have paid.")}
        </p>
        <a class="button" href="/parties?tab=past">{t("지난 파티 보기", "See past parties")}</a>
      </Notice>
    </PartyList>
  );
}

/** Parties that are over, one way or the other. */
export function PastList() {
  const done = useMine("done"), cancelled = useMine("cancelled");
  const both = {
    data: done.data && cancelled.data && true,
    refusal: done.refusal ?? cancelled.refusal,
    reload: async () => void await Promise.all([done.reload(), cancelled.reload()]),
  };
  return (
    <PartyList asked={both} list={mergeLists([done, cancelled])} onward={nextStepOf}>
      <Notice icon={History} title={t("아직 지난 파티가 없어요", "No past parties yet")}>
        <a class="button" href={screenPath("home")}>{t("내 주변 파티 찾기", "Find one nearby")}</a>
      </Notice>
    </PartyList>
  );
}

function useMine(status: Party["status"], role?: RoleFilter): AskedPages<Party, Page<Party>> {
  return usePages<Party>(`/api/me/parties?status=${status}${role ? `&role=${role}` : ""}`);
}

/** Read anew when an alert comes; `children` stand where there is nothing to list. */
function PartyList({ asked, list, onward, children }: {
  asked: Pick<Asked<unknown>, "data" | "refusal" | "reload">;
  list: PartList<Party>;
  onward: (party: Party) => ComponentChildren;
  children: ComponentChildren;
}) {
  const { alert } = newestAlert.value;
  useEffect(() => void (asked.data && asked.reload()), [alert]);
  return (
    <Shown asked={asked}>
      {() => (
        <>
          {list.items.length === 0 && children}
          <ul class="list">
            {list.items.map((party) => (
              <li key={party.id} class="party-entry">
                <PartyCard party={party} />
                {onward(party)}
              </li>
            ))}
          </ul>
          <More more={list.more} />
        </>
      )}
    </Shown>
  );
}

/** Where a party in this state is gone on with by those who are in it. */
function nextStepOf({ id, status, myRole }: Party) {
  if (myRole !== "leader" && myRole !== "member") return null;
  return (
    <div class="buttons">
      {status === "open" && myRole === "leader" && (
        <a class="button small" href={screenPath("members", id)}>{t("신청 관리", "Applications")}</a>
      )}
      {status === "confirmed" && (
        <a class="button small" href={screenPath("day", id)}>{t("당일 도착 확인", "Check-in")}</a>
      )}
      {status === "done" && (
        <a class="button small" href={screenPath("settlement", id)}>{t("정산 보기", "Settlement")}</a>
      )}
    </div>
  );
}
