/** What the tests of the client share: Chromium, and people with a phone each, on the real service. */
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Locator, Page } from "playwright-core";
import { hasBrowser, launchBrowser } from "./browser.ts";
import { ensureClientBuilt } from "./client_built.ts";
import type { Person, TestService } from "./harness.ts";
import { testService } from "./set_up.ts";

/** A test in a browser: skipped where there is none. Patience is for a machine on which everything runs at once. */
export function clientTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !hasBrowser, fn });
}

/** How long a page may take to come to what is awaited, in milliseconds. */
const PATIENCE_MS = 30_000;

/** A service whose pages a browser may read, and the browser: called once at the head of a file. */
export function testClient(environment: Record<string, string> = {}): { service: TestService; browser: Browser } {
  const world = {} as { service: TestService; browser: Browser };
  if (hasBrowser) Deno.test.beforeAll(ensureClientBuilt);
  // Its cookies are not for HTTPS alone.
  world.service = testService({ environment: { PUBLIC_ORIGIN: "http://127.0.0.1", ...environment } });
  if (hasBrowser) {
    Deno.test.beforeAll(async () => void (world.browser = await launchBrowser()));
    Deno.test.afterAll(() => world.browser.close());
  }
  return world;
}

/** Somebody's phone. Disposing it fails if a script of the page failed on the way. */
export interface Phone extends AsyncDisposable {
  page: Page;
  /** Shows a screen of the service, and waits for its title. */
  open(path: string): Promise<void>;
}

/** How a phone differs from a light one of 390 × 844. */
export interface PhoneOptions {
  /** Whose it is: they are signed in. */
  person?: Person;
  width?: number;
  theme?: "light" | "dark";
  /** Where its GPS says that it is, and that the page may ask. */
  position?: { lat: number; lng: number };
}

/** Gives somebody a phone. */
export async function openPhone(
  { service, browser }: { service: Pick<TestService, "url">; browser: Browser },
  { person, width = 390, theme = "light", position }: PhoneOptions = {},
): Promise<Phone> {
  const context = await browser.newContext({
    baseURL: service.url,
    viewport: { width, height: 844 },
    colorScheme: theme,
    locale: "ko-KR",
    hasTouch: true,
    ...(position && {
      geolocation: { latitude: position.lat, longitude: position.lng },
      permissions: ["geolocation"],
    }),
  });
  context.setDefaultTimeout(PATIENCE_MS);
  if (person) {
    const { email, password } = person;
    const answer = await context.request.post("/api/auth/signin", {
      data: { email, password, refreshTransport: "cookie" },
    });
    assert.equal(answer.status(), 200, await answer.text());
    const { user } = await answer.json();
    await context.addInitScript((user) => {
      if (sessionStorage.getItem("begun")) return;
      sessionStorage.setItem("begun", "yes");
      localStorage.setItem("me", user);
    }, JSON.stringify(user));
  }
  const page = await context.newPage(), failures: Error[] = [];
  page.on("pageerror", (error) => failures.push(error));
  return {
    page,
    async open(path) {
      await page.goto(path);
      await page.locator("h1").waitFor();
    },
    async [Symbol.asyncDispose]() {
      await context.close();
      assert.deepEqual(failures, []);
    },
  };
}

/** Goes on by the tab key until this has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 60; presses++) {
    if (await target.and(page.locator(":focus")).count() > 0) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the tab key does not lead to ${target}`);
}

/** Fails if axe finds anything on the page in either theme, or if the page can be scrolled sideways at 320 px. */
export async function assertAccessible(page: Page): Promise<void> {
  // No page has frames: the legacy mode leaves out what is for them.
  const axe = () => new AxeBuilder({ page }).setLegacyMode(true);
  for (const [colorScheme, checks] of [["light", axe()], ["dark", axe().withRules(OF_COLOURS)]] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await checks.analyze();
    const found = violations.map(({ id, nodes }) =>
      `${colorScheme} ${id}: ${nodes.map((each) => each.html).join(" | ")}`
    );
    assert.deepEqual(found, []);
  }
  await assertNarrow(page);
}

/** The rules whose findings depend on the theme. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

async function assertNarrow(page: Page): Promise<void> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ ...size, width: 320 });
  const tooWide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  assert.equal(tooWide, 0, `${page.url()} is ${tooWide} px too wide`);
  await page.setViewportSize(size);
}
