/**
 * Draws docs/client.png, what the README shows of the client: four screens side by side, of people and parties made up for it,
 * as Chromium shows them on this machine. Needs fonts with Korean letters.
 *
 *   deno task client && deno run --allow-all tools/client_picture.ts
 */
import type { Browser } from "playwright-core";
import { launchBrowser } from "../tests/browser.ts";
import { openPhone } from "../tests/client_world.ts";
import {
  addItem,
  addMarket,
  CITY_HALL,
  joinAccepted,
  openParty,
  type Person,
  signUp,
  startTestService,
  type TestService,
} from "../tests/harness.ts";

const PACKS = [
  { item: "양파", market: "서울역 하나로마트", lat: .006, quantity: 10_000, priceKrw: 24_000, capacity: 4, hours: 27 },
  {
    item: "달걀",
    market: "남대문시장",
    lat: -.004,
    quantity: 60,
    unit: "ea",
    priceKrw: 18_900,
    capacity: 3,
    hours: 30,
  },
  { item: "감귤", market: "청계 대형마트", lat: .012, quantity: 5_000, priceKrw: 21_500, capacity: 5, hours: 52 },
];
const SAID: [who: "leader" | "member", text: string][] = [
  ["leader", "안녕하세요! 내일 3시에 정문에서 만나요"],
  ["member", "네, 장바구니 챙겨 갈게요"],
  ["member", "2.5 kg 맞죠?"],
  ["leader", "맞아요. 저울도 가져갈게요"],
];

await using service = await startTestService({ environment: { PUBLIC_ORIGIN: "http://127.0.0.1" } });
const browser = await launchBrowser();
try {
  const leader = await signUp(service, { nickname: "양파엄마" }),
    member = await signUp(service, { nickname: "옆동네준" });
  const [first, settled] = [await openPacks(service, leader), await settledParty(service, leader, member)];
  await joinAccepted(service, first, leader, member);
  for (const [who, text] of SAID) {
    await service.call("POST", `/api/parties/${first.id}/chat/entries`, {
      token: (who === "leader" ? leader : member).token,
      body: { clientMsgId: crypto.randomUUID(), text },
    });
  }
  const paths = ["/", `/parties/${first.id}`, `/parties/${first.id}/chat`, `/parties/${settled}/settlement`];
  await join(browser, await shoot(service, browser, member, paths));
} finally {
  await browser.close();
}

/** Opens a party for each pack; answers the first. */
async function openPacks(service: TestService, leader: Person) {
  const parties = [];
  for (const { item, market, lat, hours, ...pack } of PACKS) {
    const { id: itemId } = await addItem(service, { name: item });
    const { id: marketId } = await addMarket(service, { ...CITY_HALL, lat: CITY_HALL.lat + lat, name: market });
    const startsAt = service.clock.now().getTime() + hours * 3_600_000, endsAt = new Date(startsAt + 3_600_000);
    const times = { startsAt: new Date(startsAt).toISOString(), endsAt: endsAt.toISOString() };
    parties.push(await openParty(service, leader, { itemId, marketId, title: `${item} 나누기`, ...times, ...pack }));
  }
  return parties[0]!;
}

/** A party that is over and divided; answers its id. */
async function settledParty(service: TestService, leader: Person, member: Person): Promise<string> {
  const party = await openParty(service, leader, { capacity: 2, title: "쌀 20 kg 나누기", quantity: 20_000 });
  await joinAccepted(service, party, leader, member);
  await service.sql`
    update parties set starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour', join_until = now() - interval '3 hours'
    where id = ${party.id}`;
  const as = { token: leader.token };
  await service.call("PUT", `/api/parties/${party.id}/members/${member.id}/attendance`, {
    ...as,
    body: { attended: true },
  });
  await service.call("POST", `/api/parties/${party.id}/complete`, as);
  await service.call("PUT", `/api/parties/${party.id}/settlement`, {
    ...as,
    body: { totalKrw: 58_900, account: "하나은행 123-456-7890" },
  });
  return party.id;
}

async function shoot(service: TestService, browser: Browser, person: Person, paths: string[]): Promise<Uint8Array[]> {
  await using phone = await openPhone({ service, browser }, { person, width: 375 });
  const pictures = [];
  for (const path of paths) {
    await phone.open(path);
    await phone.page.waitForLoadState("networkidle");
    pictures.push(new Uint8Array(await phone.page.screenshot()));
  }
  return pictures;
}

async function join(browser: Browser, pictures: Uint8Array[]): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1_600, height: 880 } });
  const images = pictures.map((each) => `<img src="data:image/png;base64,${each.toBase64()}">`).join("");
  await page.setContent(`<style>
    body { margin: 0; padding: 18px; display: flex; gap: 18px; background: #e3e9e6; box-sizing: border-box }
    img { width: 375px; height: 844px; border-radius: 22px; box-shadow: 0 2px 14px #0003 }
  </style>${images}`);
  const path = new URL("../docs/client.png", import.meta.url).pathname;
  await page.locator("body").screenshot({ path });
}
