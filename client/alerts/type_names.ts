/** What the types of alerts are called. */
import type { EventType } from "../../contract/events.ts";
import { t } from "../words.ts";

/** The names of all types, in the order in which they are shown. */
export function typeNames(): Record<EventType, string> {
  return {
    "party.created": t("찜한 품목·마트의 새 파티", "New party for a favourite"),
    "party.updated": t("파티 내용 변경", "Party changed"),
    "party.confirmed": t("파티 확정", "Party confirmed"),
    "party.cancelled": t("파티 취소", "Party cancelled"),
    "party.reminder": t("파티 시작 전 알림", "Party starts soon"),
    "chat.opened": t("채팅방 열림", "Chat opened"),
    "join.requested": t("내 파티 참여 신청", "Request to join my party"),
    "join.accepted": t("참여 수락", "Request accepted"),
    "join.rejected": t("참여 거절", "Request declined"),
    "offer.made": t("대기하던 파티에 자리 남", "A place is free"),
    "member.removed": t("파티에서 제외", "Taken out of a party"),
    "settlement.requested": t("정산 요청", "Settlement requested"),
    "penalty.received": t("페널티", "Penalty"),
  };
}

/** What a type is called; one that the client does not know, by its own name. */
export function typeName(type: string): string {
  return (typeNames() as Record<string, string>)[type] ?? type;
}
