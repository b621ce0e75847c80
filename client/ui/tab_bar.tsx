/** The ways on, at the bottom of every screen. */
import {
  Bell,
  House,
  KeyRound,
  type LucideIcon,
  MessageCircle,
  Search,
  ShoppingBasket,
  UserRound,
} from "lucide-preact";
import { useLocation } from "preact-iso/router";
import { type ScreenName, screenPath } from "../../contract/screens.ts";
import { unreadAlerts } from "../live/alerts.ts";
import { me } from "../session.ts";
import { t } from "../words.ts";

/** The bar; alerts show how many are unread. */
export function TabBar() {
  const { path } = useLocation();
  const tabs: [ScreenName, LucideIcon, string][] = [
    ["home", House, t("내 주변", "Nearby")],
    ["search", Search, t("찾기", "Search")],
    ["parties", ShoppingBasket, t("내 파티", "Parties")],
    ["chats", MessageCircle, t("채팅", "Chats")],
    ["alerts", Bell, t("알림", "Alerts")],
    me.value ? ["me", UserRound, t("나", "Me")] : ["signIn", KeyRound, t("로그인", "Sign in")],
  ];
  return (
    <nav class="tabbar" aria-label={t("주 메뉴", "Main menu")}>
      {tabs.map(([name, Icon, label]) => (
        <a key={name} href={screenPath(name)} aria-current={path === screenPath(name) ? "page" : undefined}>
          <Icon aria-hidden="true" />
          <span>{label}</span>
          {name === "alerts" && unreadAlerts.value > 0 && (
            <span class="badge">
              {Math.min(unreadAlerts.value, 99)}
              <span class="visually-hidden">{t("개 안 읽음", "unread")}</span>
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}
