/** Languages, and how amounts, distances and times are said. Times are Korean, wherever the reader is. */
import { computed, effect, signal } from "@preact/signals";
import type { Party } from "../contract/parties.ts";
import { spanTo } from "./korean_time.ts";

/** A language that the client speaks. */
export type Language = "ko" | "en";

/** The language in use: the person's own once they are signed in, else what this browser had last. */
export const locale = signal<Language>(localStorage.getItem("locale") === "en" ? "en" : "ko");

effect(() => {
  localStorage.setItem("locale", locale.value);
  document.documentElement.lang = locale.value;
});

/** The words of the language in use. Where a component calls it, a change of language renders it again. */
export function t(ko: string, en: string): string {
  return locale.value === "en" ? en : ko;
}

const formats = computed(() => {
  const language = locale.value === "en" ? "en-GB" : "ko-KR";
  const time = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { timeZone: "Asia/Seoul", ...options });
  const clock = { hour: "numeric", minute: "2-digit" } as const;
  return {
    number: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }),
    day: time({ month: "long", day: "numeric", weekday: "short" }),
    clock: time(clock),
    date: time({ year: "numeric", month: "long", day: "numeric" }),
    ago: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
  };
});

/** `1,234원`. */
export function won(krw: number): string {
  return locale.value === "en" ? `₩${formats.value.number.format(krw)}` : `${formats.value.number.format(krw)}원`;
}

/** `12월 3일(목) 오후 2:30`. */
export function when(instant: string): string {
  return `${day(instant)} ${clock(instant)}`;
}

/** `12월 3일(목)`. */
export function day(instant: string): string {
  return formats.value.day.format(new Date(instant)).replace(" (", "(");
}

/** `오후 2:30`. */
export function clock(instant: string): string {
  return formats.value.clock.format(new Date(instant));
}

/** `2026년 12월 3일`. */
export function date(instant: string): string {
  return formats.value.date.format(new Date(instant));
}

/** `3시간 후`, `내일`, `5분 전`. */
export function ago(instant: string, nowMs = Date.now()): string {
  const s = (Date.parse(instant) - nowMs) / 1_000;
  if (Math.abs(s) < 60) return s > 0 ? t("곧", "in a moment") : t("방금", "just now");
  const { unit, count } = spanTo(instant, nowMs);
  return formats.value.ago.format(count, unit);
}

/** `850 m`, `1.2 km`. */
export function distance(m: number): string {
  return m < 1_000 ? `${Math.round(m)} m` : `${formats.value.number.format(m / 1_000)} km`;
}

/** `1.2 kg`, `500 mL`, `30개`: a count of base units. */
export function amount(quantity: number, unit: Party["unit"]): string {
  if (unit === "ea") {
    return t(`${formats.value.number.format(quantity)}개`, `${formats.value.number.format(quantity)} pcs`);
  }
  const [large, small] = unit === "g" ? ["kg", "g"] : ["L", "mL"];
  return quantity < 1_000 ? `${quantity} ${small}` : `${formats.value.number.format(quantity / 1_000)} ${large}`;
}

/** What a share of a party's pack costs, to the won, halves up; `null` where the party has no price yet. */
export function shareKrw({ priceKrw, quantity }: Pick<Party, "priceKrw" | "quantity">, share: number): number | null {
  return priceKrw === null ? null : Math.round(priceKrw * share / quantity);
}
