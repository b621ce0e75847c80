/**
 * What the tests of a file run on. Each of these is called once at the head of a file: what it gives is empty until the
 * file's first test begins, and closed behind its last.
 */
import {
  type NodeOptions,
  type Person,
  type Several,
  signUpAll,
  startAnotherNode,
  startTestService,
  type TestService,
} from "./harness.ts";

/** A service with a database of its own. */
export function testService(options?: NodeOptions): TestService {
  return open(() => startTestService(options));
}

/** Two nodes of one system. */
export function testNodes(options?: NodeOptions): [TestService, TestService] {
  const first = testService(options);
  return [first, open(() => startAnotherNode(first, options))];
}

/** New people of a service, signed up before the first test. */
export function testPeople<Count extends number>(service: TestService, count: Count): Several<Person, Count> {
  const people = Array.from({ length: count }, () => ({} as Person));
  Deno.test.beforeAll(async () => {
    const signedUp: Person[] = await signUpAll(service, count);
    people.forEach((person, i) => Object.assign(person, signedUp[i]));
  });
  return people as unknown as Several<Person, Count>;
}

/** What is opened later is closed earlier. */
function open(start: () => Promise<TestService>): TestService {
  const service = {} as TestService, stack = new AsyncDisposableStack();
  Deno.test.beforeAll(async () => void Object.assign(service, stack.use(await start())));
  Deno.test.afterAll(() => stack.disposeAsync());
  return service;
}
