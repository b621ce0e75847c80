/** What alerts say, in Korean and English, and where they lead. */
import type { EventPayload, EventType } from "../contract/alerts.ts";
import type { Locale } from "../contract/identity.ts";

/** What an alert is worded from. `actorName` is the nickname as it is now. */
export interface Told extends EventPayload {
  actorName: string;
}

/** A worded alert. */
export interface AlertText {
  title: string;
  body: string;
}

/** Words an alert for a reader of this language. */
export function wordAlert(locale: Locale, type: EventType, told: Told): AlertText {
  return TEXTS[type][locale](told);
}

/** The page an alert leads to, as a path. */
export function pageOf(type: EventType, partyId: string | null): string {
  if (partyId === null) return "/alerts";
  return type === "chat.opened" ? `/parties/${partyId}/chat` : `/parties/${partyId}`;
}

/**
 * Korean particles stand only behind our own words: how a name or an item ("쌀 10kg", "LA갈비") is read aloud, and with it
 * the right particle, nobody can tell from its letters.
 */
const TEXTS: Record<EventType, Record<Locale, (told: Told) => AlertText>> = {
  "party.created": {
    ko: (told) => ({ title: `${told.itemName} 파티가 열렸어요`, body: whereAndWhen("ko", told) }),
    en: (told) => ({ title: `New party: ${told.itemName}`, body: whereAndWhen("en", told) }),
  },
  "party.cancelled": {
    ko: (told) => ({ title: "파티가 취소됐어요", body: withReason(told, "사유") }),
    en: (told) => ({ title: "Party cancelled", body: withReason(told, "Reason") }),
  },
  "chat.opened": {
    ko: (told) => ({ title: "채팅방이 열렸어요", body: told.partyTitle }),
    en: (told) => ({ title: "The chat is open", body: told.partyTitle }),
  },
  "join.requested": {
    ko: (told) => ({ title: "새 참여 신청이 왔어요", body: `${told.actorName} 님 · ${told.partyTitle}` }),
    en: (told) => ({ title: "New join request", body: `${told.actorName} · ${told.partyTitle}` }),
  },
  "join.accepted": {
    ko: (told) => ({ title: "참여가 수락됐어요", body: titleAndPlace("ko", told) }),
    en: (told) => ({ title: "You are in", body: titleAndPlace("en", told) }),
  },
  "join.rejected": {
    ko: (told) => ({ title: "이번 파티에는 함께하지 못하게 됐어요", body: told.partyTitle }),
    en: (told) => ({ title: "Your request was declined", body: told.partyTitle }),
  },
};

function titleAndPlace(locale: Locale, told: Told): string {
  return `${told.partyTitle} · ${told.marketName} · ${startOf(locale, told)}`;
}

function whereAndWhen(locale: Locale, told: Told): string {
  return `${told.marketName} · ${startOf(locale, told)} · ${told.partyTitle}`;
}

function withReason({ partyTitle, reason }: Told, label: string): string {
  return reason === null ? partyTitle : `${partyTitle} · ${label}: ${reason}`;
}

function startOf(locale: Locale, told: Told): string {
  return START[locale].format(Date.parse(told.startsAt));
}

/** Parties are in Korea, wherever their people's clocks are. */
const START: Record<Locale, Intl.DateTimeFormat> = {
  ko: new Intl.DateTimeFormat("ko", {
    timeZone: "Asia/Seoul",
    month: "long",
    day: "numeric",
    weekday: "short",
    hour: "numeric",
    minute: "2-digit",
  }),
  en: new Intl.DateTimeFormat("en", {
    timeZone: "Asia/Seoul",
    month: "short",
    day: "numeric",
    weekday: "short",
    hour: "numeric",
    minute: "2-digit",
  }),
};
