/** What the writer of alerts tells the nodes, on the relay's channel `alerts`. All of it may be lost: streams poll, too. */
import { z } from "zod";
import { type Alert, WrittenAlerts } from "../contract/alerts.ts";
import type { Locale } from "../contract/identity.ts";
import type { Deps } from "./ports.ts";

const CHANNEL = "alerts";
const News = z.array(WrittenAlerts);

/** Hands alerts that have just been committed to every node. Never fails. */
export function publishNews({ relay, log }: Pick<Deps, "relay" | "log">, news: WrittenAlerts[]): void {
  if (news.length === 0) return;
  relay.publish(CHANNEL, JSON.stringify(news)).catch((error) =>
    log.debug("streams not told: their poll will see the alerts", { error })
  );
}

/** Hears of alerts that have just been committed, of whomever; what this version does not know is logged and passed over. */
export async function hearNews(
  { relay, log }: Pick<Deps, "relay" | "log">,
  onNews: (news: WrittenAlerts) => void,
): Promise<AsyncDisposable> {
  return await relay.subscribe(CHANNEL, (message) => {
    const { data, error } = News.safeParse(JSON.parse(message));
    if (error) log.warn("news of alerts were not understood", { error });
    data?.forEach(onNews);
  });
}

/** How each of these alerts goes into a stream: worded, and written down, once for each language. */
export function framesOf({ id, type, partyId, url, createdAt, texts }: WrittenAlerts) {
  const common = new Map<Locale, string>();
  return ({ seq, locale }: WrittenAlerts["to"][number]): string => {
    const rest = common.getOrInsertComputed(locale, () => {
      const alert: Omit<Alert, "seq"> = { id, type, partyId, ...texts[locale]!, url, createdAt, readAt: null };
      return JSON.stringify(alert).slice(1);
    });
    return `id: ${seq}\nevent: alert\ndata: {"seq":${seq},${rest}\n\n`;
  };
}
