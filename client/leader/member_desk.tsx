/** Who asks for a place, who has one, who waits, and the leader's say in it. */
import { UserRoundCheck } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MemberDecision, Membership, Party } from "../../contract/parties.ts";
import { screenPath } from "../../contract/screens.ts";
import { type Act, useAct } from "../act.ts";
import { call } from "../session.ts";
import { FillBar } from "../ui/fill_bar.tsx";
import { Notice } from "../ui/notice.tsx";
import { leftOf, StatusTag } from "../ui/party_card.tsx";
import { tell } from "../ui/toasts.tsx";
import { t, when } from "../words.ts";
import { ConfirmSheet } from "./confirm_sheet.tsx";
import { type Decide, MemberEntry } from "./member_entry.tsx";
import { acceptedOf, type PartyPeople } from "./party_people.ts";

/** The desk; what it shows is read anew with `reload` after every decision. */
export function MemberDesk({ people, reload }: { people: PartyPeople; reload: () => Promise<void> }) {
  const { party, members } = people;
  const act = useAct({ reload });
  const [leaving, setLeaving] = useState<Membership>();
  const decide: Decide = (member, status) => void act.run(() => decideMember(party, member, status).then(reload));
  const list = (status: Membership["status"]) => members.filter((each) => each.status === status);
  const [pending, waiting] = [list("pending"), list("waiting").toSorted((a, b) => a.place! - b.place!)];
  const gone = members.filter(({ status }) => ["rejected", "left", "removed"].includes(status));
  const shared = { party, act, decide, askToLeave: setLeaving };
  return (
    <>
      <Counts party={party} pending={pending.length} waiting={waiting.length} />
      {party.status !== "open" && <Closed party={party} />}
      {party.status === "open" && (
        <Group title={t("신청", "Applications")} members={pending} {...shared}>
          <Notice icon={UserRoundCheck} title={t("답을 기다리는 신청이 없어요", "Nobody waits for your answer")}>
            <p class="quiet">{t("새 신청이 오면 알려 드려요.", "You will be told when somebody applies.")}</p>
          </Notice>
        </Group>
      )}
      <Group title={t("참여 확정", "In")} members={acceptedOf(people)} {...shared} />
      {waiting.length > 0 && <Group title={t("대기", "Waiting")} members={waiting} {...shared} />}
      {gone.length > 0 && (
        <details class="section">
          <summary>{t(`함께하지 않는 사람 ${gone.length}명`, `Not in: ${gone.length}`)}</summary>
          <Entries members={gone} {...shared} />
        </details>
      )}
      {leaving && <LeaveSheet member={leaving} onClose={() => setLeaving(undefined)} decide={decide} />}
    </>
  );
}

/** Also tells when the party has become full by it. */
async function decideMember(party: Party, { userId }: Membership, status: MemberDecision["status"]): Promise<void> {
  await call<Membership>("PATCH", `/api/parties/${party.id}/members/${userId}`, { body: { status } });
  if (status !== "accepted") return;
  const isFull = party.memberCount + 1 >= party.capacity;
  tell(isFull ? t("자리가 다 차서 파티가 확정됐어요", "Full: the party is confirmed") : t("수락했어요", "Accepted"));
}

function Counts({ party, pending, waiting }: { party: Party; pending: number; waiting: number }) {
  const { memberCount, capacity, quantity, quantityLeft } = party;
  return (
    <section class="card" aria-label={t("현황", "Where it stands")}>
      <div class="row">
        <a href={screenPath("party", party.id)}>{party.title}</a>
        <StatusTag party={party} />
      </div>
      <p class="strong">
        {t(
          `참여 ${memberCount}/${capacity}명 · 신청 ${pending}명 · 대기 ${waiting}명`,
          `In ${memberCount}/${capacity} · applied ${pending} · waiting ${waiting}`,
        )}
      </p>
      <FillBar taken={quantity - quantityLeft} whole={quantity} label={leftOf(party)} />
      {party.status === "open" && (
        <p class="quiet">
          {t(`${when(party.joinUntil)}까지 모집해요`, `Recruits until ${when(party.joinUntil)}`)}
        </p>
      )}
    </section>
  );
}

function Closed({ party: { id, status } }: { party: Party }) {
  return (
    <p class="banner">
      {status === "cancelled"
        ? t("취소된 파티예요.", "This party was cancelled.")
        : t("모집이 끝나 참여자를 바꿀 수 없어요.", "Recruiting is over: who is in stays in.")}
      {status === "confirmed" && <a class="button small" href={screenPath("day", id)}>{t("당일 화면", "The day")}</a>}
      {status === "done" && <a class="button small" href={screenPath("settlement", id)}>{t("정산", "Settle")}</a>}
    </p>
  );
}

interface Shared {
  party: Party;
  act: Act;
  decide: Decide;
  askToLeave: (member: Membership) => void;
}

function Group({ title, children, members, ...shared }: Shared & {
  title: string;
  members: Membership[];
  /** What stands there for nobody. */
  children?: ComponentChildren;
}) {
  return (
    <section class="section">
      <h2>
        {title} <span class="quiet">{members.length}</span>
      </h2>
      {members.length === 0 ? children : <Entries members={members} {...shared} />}
    </section>
  );
}

function Entries({ members, ...shared }: Shared & { members: Membership[] }) {
  return (
    <ul class="list">{members.map((member) => <MemberEntry key={member.userId} member={member} {...shared} />)}</ul>
  );
}

function LeaveSheet({ member, onClose, decide }: { member: Membership; onClose: () => void; decide: Decide }) {
  const { nickname } = member, isWaiting = member.status === "waiting";
  return (
    <ConfirmSheet
      title={isWaiting
        ? t("대기에서 뺄까요?", "Take them out of the queue?")
        : t("파티에서 내보낼까요?", "Remove them?")}
      yes={isWaiting ? t("대기에서 빼기", "Take out") : t("내보내기", "Remove")}
      isDanger
      onYes={() => decide(member, isWaiting ? "rejected" : "removed")}
      onClose={onClose}
    >
      <p>
        {t(
          `${nickname} 님에게 알림이 가고, 이 파티에 다시 신청할 수 없어요.`,
          `${nickname} will be told, and cannot apply to this party again.`,
        )}
      </p>
    </ConfirmSheet>
  );
}
