/** What alerts say, in Korean and English, and where they lead. */
import type { EventPayload, EventType, PartyField } from "../contract/events.ts";
import type { Locale } from "../contract/identity.ts";

/** What an alert is worded from. `actorName` is the nickname as it is now. */
export type Told<Type extends EventType = EventType> = EventPayload<Type> & { actorName: string };

/** A worded alert. */
export interface AlertText {
  title: string;
  body: string;
}

/** Words an alert for a reader of this language. */
export function wordAlert<Type extends EventType>(locale: Locale, type: Type, told: Told<Type>): AlertText {
  return TEXTS[type][locale](told);
}

/** The page an alert leads to, as a path. */
export function pageOf(type: EventType, partyId: string | null): string {
  if (partyId === null) return "/alerts";
  if (type === "chat.opened") return `/parties/${partyId}/chat`;
  return type === "settlement.requested" ? `/parties/${partyId}/settlement` : `/parties/${partyId}`;
}

/**
 * Korean particles stand only behind our own words: how a name or an item ("쌀 10kg", "LA갈비") is read aloud, and with it
 * the right particle, nobody can tell from its letters.
 */
const TEXTS: { [Type in EventType]: Record<Locale, (told: Told<Type>) => AlertText> } = {
  "party.created": {
    ko: (told) => ({ title: `${told.itemName} 파티가 열렸어요`, body: whereAndWhen("ko", told) }),
    en: (told) => ({ title: `New party: ${told.itemName}`, body: whereAndWhen("en", told) }),
  },
  "party.updated": {
    ko: (told) => ({ title: "파티 내용이 바뀌었어요", body: whatChanged("ko", told, "바뀐 내용") }),
    en: (told) => ({ title: "Party changed", body: whatChanged("en", told, "Changed") }),
  },
  "party.confirmed": {
    ko: (told) => ({ title: "파티가 확정됐어요", body: titleAndPlace("ko", told) }),
    en: (told) => ({ title: "Party confirmed", body: titleAndPlace("en", told) }),
  },
  "party.cancelled": {
    ko: (told) => ({
      title: "파티가 취소됐어요",
      body: withReason(whyCancelled(told, "기한까지 참여한 사람이 없어요"), "사유"),
    }),
    en: (told) => ({
      title: "Party cancelled",
      body: withReason(whyCancelled(told, "nobody joined in time"), "Reason"),
    }),
  },
  "party.reminder": {
    ko: (told) => ({ title: REMINDER.ko[told.hoursBefore], body: titleAndPlace("ko", told) }),
    en: (told) => ({ title: REMINDER.en[told.hoursBefore], body: titleAndPlace("en", told) }),
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
  "offer.made": {
    ko: (told) => ({ title: "기다리던 파티에 자리가 났어요", body: offerBody("ko", told, "까지 답해 주세요") }),
    en: (told) => ({ title: "A place is free for you", body: offerBody("en", told, "answer by ") }),
  },
  "member.removed": {
    ko: (told) => ({ title: "파티에서 빠지게 됐어요", body: told.partyTitle }),
    en: (told) => ({ title: "You were taken out of the party", body: told.partyTitle }),
  },
  "settlement.requested": {
    ko: (told) => ({
      title: told.openKrw > 0 ? "정산을 요청받았어요" : "돌려받을 금액이 있어요",
      body: sumOf("ko", told),
    }),
    en: (told) => ({ title: told.openKrw > 0 ? "Please settle up" : "You get money back", body: sumOf("en", told) }),
  },
  "penalty.received": {
    ko: (told) => ({ title: "페널티를 받았어요", body: withReason(told, "사유") }),
    en: (told) => ({ title: "You got a penalty", body: withReason(told, "Reason") }),
  },
};

function sumOf(locale: Locale, { openKrw, partyTitle }: Told<"settlement.requested">): string {
  const sum = Math.abs(openKrw).toLocaleString("en");
  return `${locale === "ko" ? `${sum}원` : `${sum} KRW`} · ${partyTitle}`;
}

function titleAndPlace(locale: Locale, told: Told): string {
  return `${told.partyTitle} · ${told.marketName} · ${startOf(locale, told)}`;
}

function whereAndWhen(locale: Locale, told: Told): string {
  return `${told.marketName} · ${startOf(locale, told)} · ${told.partyTitle}`;
}

function withReason({ partyTitle, reason }: Reasoned, label: string): string {
  return reason === null ? partyTitle : `${partyTitle} · ${label}: ${reason}`;
}

type Reasoned = Pick<Told<"party.cancelled">, "partyTitle" | "reason">;

/** Time calls a party off for one reason. */
function whyCancelled({ partyTitle, reason, actorId }: Told<"party.cancelled">, byTime: string): Reasoned {
  return { partyTitle, reason: actorId === null ? byTime : reason };
}

/** The names of what changed, and the new start if it is among it: that one people have to know. */
function whatChanged(locale: Locale, told: Told<"party.updated">, label: string): string {
  const names = told.changed.map((field) => FIELDS[locale][field]).join(", ");
  const body = `${told.partyTitle} · ${label}: ${names}`;
  return told.changed.includes("startsAt") ? `${body} · ${startOf(locale, told)}` : body;
}

const FIELDS: Record<Locale, Record<PartyField, string>> = {
  ko: {
    title: "제목",
    note: "설명",
    priceKrw: "가격",
    capacity: "정원",
    startsAt: "시작 시간",
    endsAt: "끝나는 시간",
    joinUntil: "참여 기한",
  },
  en: {
    title: "title",
    note: "note",
    priceKrw: "price",
    capacity: "capacity",
    startsAt: "start",
    endsAt: "end",
    joinUntil: "time to join",
  },
};

const REMINDER: Record<Locale, Record<Told<"party.reminder">["hoursBefore"], string>> = {
  ko: { 24: "파티가 하루 앞으로 다가왔어요", 2: "파티가 곧 시작돼요" },
  en: { 24: "Your party is a day away", 2: "Your party starts soon" },
};

function offerBody(locale: Locale, { partyTitle, until }: Told<"offer.made">, ask: string): string {
  const time = TIME[locale].format(Date.parse(until));
  return `${partyTitle} · ${locale === "ko" ? time + ask : ask + time}`;
}

const TIME: Record<Locale, Intl.DateTimeFormat> = {
  ko: new Intl.DateTimeFormat("ko", { timeZone: "Asia/Seoul", hour: "numeric", minute: "2-digit" }),
  en: new Intl.DateTimeFormat("en", { timeZone: "Asia/Seoul", hour: "numeric", minute: "2-digit" }),
};

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
