/** A socket and its access token: it ends with it, unless a later one of the same person comes in time. */
import assert from "node:assert/strict";
import { connectChat } from "./chat_client.ts";
import { openRoom, quiet } from "./chat_world.ts";
import {
  type Answer,
  movableClock,
  type Person,
  signUp,
  signUpAll,
  startAnotherNode,
  startTestService,
  type TestClock,
  type TestService,
} from "./harness.ts";

/** Two nodes of one system and one time. */
let clock: TestClock;
let here: TestService;
let there: TestService;

Deno.test.beforeEach(async () => {
  clock = movableClock();
  here = await startTestService({ clock });
  there = await startAnotherNode(here, { clock });
});
Deno.test.afterEach(async () => {
  await there[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

const MINUTE = 60_000;

async function signInAgain({ email, password }: Person): Promise<Answer["body"]> {
  const { status, body } = await here.call("POST", "/api/auth/signin", { body: { email, password } });
  assert.equal(status, 200);
  return body;
}

async function ticketOf({ token }: Person, at = here): Promise<string> {
  return (await at.call("POST", "/api/auth/tickets", { token })).body.ticket;
}

Deno.test("a socket closes with 4401 when its access token ends, on any node and however it signed in", async () => {
  const person = await signUp(here);
  const clients = [
    await connectChat(here, { token: person.token }),
    await connectChat(there, { token: person.token }),
    await connectChat(here, { ticket: await ticketOf(person) }),
    await connectChat(there),
  ];
  clients[3]!.say({ type: "hello", accessToken: person.token });
  await clients[3]!.heard("welcome");
  clock.advance(14 * MINUTE);
  for (const client of clients) await quiet(client);
  clock.advance(MINUTE + 1_000);
  const started = performance.now();
  for (const client of clients) assert.equal((await client.ended).code, 4401);
  assert.ok(performance.now() - started < 2_500);
});

Deno.test("a hello with a fresh token of the same person lets the socket go on until that one ends; others close", async () => {
  const [leader, person] = await signUpAll(here, 2) as [Person, Person];
  const partyId = await openRoom(here, leader, [person]);
  const clients = [await connectChat(here, { token: person.token }), await connectChat(there, { token: person.token })];
  const left = await connectChat(there, { token: person.token });
  for (const client of clients) await client.subscribe(partyId, 0);
  clock.advance(10 * MINUTE);
  // Of the same session, and of another one.
  const { refreshToken } = person;
  const { accessToken } = (await here.call("POST", "/api/auth/refresh", { body: { refreshToken } })).body;
  const other = await signInAgain(person);
  const welcomes = (client: typeof left) => client.frames.filter(({ type }) => type === "welcome").length;
  clients[0]!.say({ type: "hello", accessToken });
  clients[1]!.say({ type: "hello", accessToken: other.accessToken });
  for (const client of clients) {
    await quiet(client);
    assert.equal(welcomes(client), 2);
  }
  clock.advance(6 * MINUTE);
  assert.equal((await left.ended).code, 4401);
  for (const client of clients) assert.ok((await client.send(partyId, "아직 여기 있어요")).seq > 1);
  // The session that the second one goes by now is the one that counts.
  await here.call("POST", "/api/auth/signout", { token: other.accessToken, body: {} });
  assert.equal((await clients[1]!.ended).code, 4401);
  await quiet(clients[0]!);
  clock.advance(10 * MINUTE);
  assert.equal((await clients[0]!.ended).code, 4401);
});

Deno.test("a hello with another person's token, a bad or an ended one is refused, and prolongs nothing", async () => {
  const [person, stranger] = await signUpAll(here, 2) as [Person, Person];
  const clients = [await connectChat(there, { token: person.token }), await connectChat(there)];
  clients[1]!.say({ type: "hello", accessToken: person.token });
  await clients[1]!.heard("welcome");
  clock.advance(10 * MINUTE);
  const ended = await signInAgain(person);
  await here.call("POST", "/api/auth/signout", { token: ended.accessToken, body: {} });
  const fresh = await signInAgain(stranger);
  for (const client of clients) {
    for (const accessToken of [fresh.accessToken, ended.accessToken, "nonsense", ""]) {
      const before = client.frames.length;
      client.say({ type: "hello", accessToken });
      await quiet(client);
      const [answer] = client.frames.slice(before);
      assert.equal(answer?.type === "problem" && answer.code, "unauthenticated", JSON.stringify(answer));
    }
    assert.equal(client.frames.filter(({ type }) => type === "welcome").length, 1);
  }
  clock.advance(6 * MINUTE);
  for (const client of clients) assert.equal((await client.ended).code, 4401);
});
