/** What the tests of the client's chat share: phones with a chat on them, and what is to be seen there. */
import assert from "node:assert/strict";
import type { Browser, Locator, Page, WebSocketRoute } from "playwright-core";
import { openPhone } from "./client_world.ts";
import { type Person, poll, type TestService } from "./harness.ts";

/** The page of a phone; disposing it closes the phone. */
export type ChatPage = Page & AsyncDisposable;

/** Somebody's phone with the chat on it, connected; `onSocket` may stand between it and the service. */
export async function chatOf(
  world: { service: Pick<TestService, "url">; browser: Browser },
  person: Person,
  partyId: string,
  onSocket?: (socket: WebSocketRoute) => void,
  ready = "접속 중",
): Promise<ChatPage> {
  const phone = await openPhone(world, { person });
  if (onSocket) await phone.page.routeWebSocket("**/ws", onSocket);
  await phone.open(`/parties/${partyId}/chat`);
  await phone.page.getByText(ready === "접속 중" ? /접속 중 [1-9]/ : ready).waitFor();
  return Object.assign(phone.page, { [Symbol.asyncDispose]: () => phone[Symbol.asyncDispose]() });
}

/** Where one writes. */
export function box(page: Page): Locator {
  return page.getByRole("textbox", { name: "메시지" });
}

/** Writes a text and sends it by Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await box(page).fill(text);
  await box(page).press("Enter");
}

/** Resolves when the texts of the chat are exactly these. */
export async function shows(page: Page, texts: string[]): Promise<void> {
  let last: string[] = [];
  await poll(async () => {
    last = await page.getByRole("log").locator(".chat-bubble").allTextContents();
    return last.join("\0") === texts.join("\0") && last.length === texts.length;
  }, { timeoutMs: 30_000 }).catch(() => assert.deepEqual(last, texts));
}

/** Keeps an eye on the page: the answer tells which texts it has ever shown twice at once. */
export async function watchRepeats(page: Page): Promise<() => Promise<string[]>> {
  const repeats = await page.evaluateHandle<string[]>(`{
    const repeats = [];
    new MutationObserver(() => {
      const texts = [...document.querySelectorAll(".chat-bubble")].map(({ textContent }) => textContent);
      repeats.push(...texts.filter((text, i) => texts.indexOf(text) !== i));
    }).observe(document.body, { childList: true, subtree: true });
    repeats;
  }`);
  return () => repeats.jsonValue();
}

/** The seq of a line. */
export async function seqOf(line: Locator): Promise<number> {
  return Number(await line.getAttribute("data-seq"));
}
