/**
 * The client's screens by their addresses: the service answers each with the client's page, the client's router shows them, and
 * alerts lead to them. The more particular address comes first.
 */
export const SCREENS = {
  home: "/",
  signUp: "/signup",
  signIn: "/signin",
  neighbourhood: "/neighbourhood",
  search: "/search",
  parties: "/parties",
  newParty: "/parties/new",
  party: "/parties/:id",
  members: "/parties/:id/members",
  day: "/parties/:id/day",
  settlement: "/parties/:id/settlement",
  chat: "/parties/:id/chat",
  chats: "/chats",
  alerts: "/alerts",
  alertPreferences: "/alerts/preferences",
  me: "/me",
  myData: "/me/data",
  user: "/users/:id",
  admin: "/admin",
} as const;

/** A screen's name. */
export type ScreenName = keyof typeof SCREENS;

/** The address of a screen; with an id, of the one that shows this party or person. */
export function screenPath(name: ScreenName, id = ""): string {
  return SCREENS[name].replace(":id", id);
}
