/** One person who is in a party, asks to be or waits, with what the leader may do about it. */
import type { MemberDecision, Membership, Party } from "../../contract/parties.ts";
import type { Act } from "../act.ts";
import { PersonFacts } from "../ui/person_facts.tsx";
import { amount, clock, t } from "../words.ts";

/** Decides about a person. */
export type Decide = (member: Membership, status: MemberDecision["status"]) => void;

/** The person, their facts and share, and the buttons that their place in the party allows. */
export function MemberEntry({ member, party, act, decide, askToLeave }: {
  member: Membership;
  party: Party;
  act: Act;
  decide: Decide;
  askToLeave: (member: Membership) => void;
}) {
  const { status, role } = member;
  const isOpen = party.status === "open";
  return (
    <li class="card">
      <div class="row">
        <PersonFacts person={member.profile} />
        <Place member={member} />
      </div>
      <p>{shareOf(member, party)}</p>
      {status === "waiting" && <Offer member={member} />}
      {status === "pending" && isOpen && (
        <div class="halves">
          <button
            type="button"
            class="button"
            disabled={act.isBusy}
            aria-label={t(`${member.nickname} 님 거절`, `Reject ${member.nickname}`)}
            onClick={() => decide(member, "rejected")}
          >
            {t("거절", "Reject")}
          </button>
          <button
            type="button"
            class="button primary"
            disabled={act.isBusy}
            aria-label={t(`${member.nickname} 님 수락`, `Accept ${member.nickname}`)}
            onClick={() => decide(member, "accepted")}
          >
            {t("수락", "Accept")}
          </button>
        </div>
      )}
      {status === "accepted" && role === "member" && isOpen && (
        <Out words={t("내보내기", "Remove")} member={member} act={act} askToLeave={askToLeave} />
      )}
      {status === "waiting" && (isOpen || party.status === "confirmed") && (
        <Out words={t("대기에서 빼기", "Take out of the queue")} member={member} act={act} askToLeave={askToLeave} />
      )}
    </li>
  );
}

function Out({ words, member, act, askToLeave }: {
  words: string;
  member: Membership;
  act: Act;
  askToLeave: (member: Membership) => void;
}) {
  return (
    <button
      type="button"
      class="button small end"
      disabled={act.isBusy}
      aria-label={`${member.nickname} · ${words}`}
      onClick={() => askToLeave(member)}
    >
      {words}
    </button>
  );
}

function Place({ member: { role, status, place } }: { member: Membership }) {
  const words = {
    pending: t("신청", "Applied"),
    waiting: t(`대기 ${place}번째`, `No. ${place} in line`),
    accepted: role === "leader" ? t("파티장", "Leader") : t("확정", "In"),
    rejected: t("거절함", "Rejected"),
    left: t("나감", "Left"),
    removed: t("내보냄", "Removed"),
  }[status];
  const tone = {
    pending: "warning",
    waiting: "warning",
    accepted: "",
    rejected: "danger",
    left: "danger",
    removed: "danger",
  };
  return <span class={`tag ${tone[status]}`}>{words}</span>;
}

/** What they have, or wish for and would make do with. */
function shareOf({ status, quantity, quantityMin, quantityWish }: Membership, { unit }: Party): string {
  if (status === "accepted") return t(`몫 ${amount(quantity, unit)}`, `Share ${amount(quantity, unit)}`);
  const wish = t(`희망 ${amount(quantityWish, unit)}`, `Wants ${amount(quantityWish, unit)}`);
  return quantityMin === quantityWish
    ? wish
    : `${wish} · ${t(`적어도 ${amount(quantityMin, unit)}`, `at least ${amount(quantityMin, unit)}`)}`;
}

function Offer({ member: { offer } }: { member: Membership }) {
  if (!offer) return null;
  return (
    <p class="quiet">
      {t(
        `자리를 제안받았어요 · ${clock(offer.until)}까지 답을 기다려요`,
        `Has been offered a place · until ${clock(offer.until)}`,
      )}
    </p>
  );
}
