/** The check of every screen's accessibility finds what it is for, in either theme and at 320 px. */
import assert from "node:assert/strict";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";

const world = testClient();

/** What is planted on a page, and what must be said of it. */
const PLANTED: [string, RegExp][] = [
  [`document.querySelector("label").remove()`, /light label/],
  [`document.querySelector("main p").style.color = "light-dark(#ddd, #fff)"`, /light color-contrast/],
  [`document.querySelector("main p").style.color = "light-dark(#000, #333)"`, /dark color-contrast/],
  [`document.querySelector("main p").style.width = "330px"`, /is \d+ px too wide/],
];

clientTest(
  "a field without a name, faint words in one theme and a wide line are found, and nothing is without them",
  async () => {
    await using phone = await openPhone(world);
    for (const [plant, found] of PLANTED) {
      await phone.open("/signin");
      await assertAccessible(phone.page);
      await phone.page.evaluate(plant);
      await assert.rejects(assertAccessible(phone.page), found);
    }
  },
);
