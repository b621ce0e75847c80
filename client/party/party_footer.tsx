/** What is next for whoever looks at a party: at most two buttons that are always at hand. */
import { useLocation } from "preact-iso/router";
import type { ComponentChildren } from "preact";
import { screenPath } from "../../contract/screens.ts";
import { useAct } from "../act.ts";
import { call, me } from "../session.ts";
import { defaultShare } from "../ui/party_card.tsx";
import { tell } from "../ui/toasts.tsx";
import { shareKrw, t, won } from "../words.ts";
import { isIn, type Move, type Stage, stageOf } from "./moves.ts";
import type { PartyView } from "./party_view.ts";

/** The buttons; `null` where there is nothing to do. */
export function footerOf(view: PartyView): ComponentChildren {
  const { party, moves, now } = view;
  const stage = stageOf(party, now);
  if (isIn(party)) {
    return stage === "cancelled" && !party.chat.open ? null : <InsideActions view={view} stage={stage} />;
  }
  if (moves.includes("decline")) return <OfferActions view={view} />;
  if (moves.includes("withdraw")) {
    return (
      <MoveButton view={view} move="withdraw">
        {party.myRole === "waiting" ? t("대기 취소", "Leave the queue") : t("신청 취소", "Withdraw")}
      </MoveButton>
    );
  }
  const move = moves.find((each) => each === "join" || each === "wait");
  if (!move) return null;
  if (!me.value) {
    return (
      <a class="button primary" href={`/signin?next=${encodeURIComponent(screenPath("party", party.id))}`}>
        {t("로그인하고 신청하기", "Sign in to join")}
      </a>
    );
  }
  return <MoveButton view={view} move={move} tone="primary">{wordsOfJoining(view, move)}</MoveButton>;
}

function wordsOfJoining({ party }: PartyView, move: Move): string {
  if (move === "wait") return t("대기 신청", "Wait for a place");
  const krw = shareKrw(party, defaultShare(party));
  return krw ? t(`신청하기 · 약 ${won(krw)}`, `Join · about ${won(krw)}`) : t("신청하기", "Join");
}

/** Opens a move's sheet. */
export function MoveButton({ view, move, tone = "", children }: {
  view: PartyView;
  move: Move;
  tone?: string;
  children: ComponentChildren;
}) {
  return <button type="button" class={`button ${tone}`} onClick={() => view.begin(move)}>{children}</button>;
}

function OfferActions({ view }: { view: PartyView }) {
  const { isBusy, run } = useAct({ reload: view.reload });
  const accept = async () => {
    await call("POST", `/api/parties/${view.party.id}/offer`, { body: { accept: true } });
    tell(t("참여가 확정됐어요", "You are in"));
    await view.reload();
  };
  return (
    <>
      <MoveButton view={view} move="decline">{t("거절", "Decline")}</MoveButton>
      <button
        type="button"
        class="button primary"
        aria-busy={isBusy}
        disabled={isBusy}
        onClick={() => void run(accept)}
      >
        {t("자리 받기", "Take the place")}
      </button>
    </>
  );
}

function InsideActions({ view, stage }: { view: PartyView; stage: Stage }) {
  const { party } = view, isLeader = party.myRole === "leader", isOpen = party.status === "open";
  const next = isOpen && isLeader ? "members" : stage === "begun" ? "day" : stage === "done" ? "settlement" : "chat";
  const toneOf = (which: typeof next) => which === next ? "button primary" : "button";
  return (
    <>
      {(party.chat.open || isLeader) && <ChatButton view={view} tone={toneOf("chat")} />}
      {isOpen && isLeader && (
        <a class={toneOf("members")} href={screenPath("members", party.id)}>{wordsOfApplications(view)}</a>
      )}
      {(stage === "begun" || stage === "confirmed") && (
        <a class={toneOf("day")} href={screenPath("day", party.id)}>
          {isLeader ? t("출석 확인", "Who is here") : t("출석하기", "Check in")}
        </a>
      )}
      {stage === "done" && (
        <a class={toneOf("settlement")} href={screenPath("settlement", party.id)}>{t("정산", "Settlement")}</a>
      )}
    </>
  );
}

function wordsOfApplications({ members }: PartyView): string {
  const open = members.data?.items.filter(({ status }) => status === "pending").length ?? 0;
  return open > 0 ? t(`신청 ${open}건 보기`, `${open} to decide on`) : t("신청 관리", "Applications");
}

/** A chat that is not open yet is opened by its leader on the way there. */
function ChatButton({ view: { party, reload }, tone }: { view: PartyView; tone: string }) {
  const { route } = useLocation(), { isBusy, run } = useAct({ reload }), path = screenPath("chat", party.id);
  if (party.chat.open) return <a class={tone} href={path}>{t("채팅", "Chat")}</a>;
  const open = async () => {
    await call("POST", `/api/parties/${party.id}/chat`);
    route(path);
  };
  return (
    <button type="button" class={tone} aria-busy={isBusy} disabled={isBusy} onClick={() => void run(open)}>
      {t("채팅 열기", "Open the chat")}
    </button>
  );
}
