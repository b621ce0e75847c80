/** How many questions a source is asked at once. */
import PQueue from "p-queue";
import type { PublicSource } from "../services/ports.ts";

/**
 * Asks at most so many questions at once: half as many each time the source says that it is busy, and one more, up to the
 * most again, each time it has answered as many as are asked at once.
 */
export function askFewerWhenBusy<Fields>(
  ask: NonNullable<PublicSource<Fields>["readPage"]>,
  most: number,
): typeof ask {
  const queue = new PQueue({ concurrency: most });
  let answered = 0;

  function slowDown(): void {
    answered = 0;
    queue.concurrency = Math.max(1, Math.floor(queue.concurrency / 2));
  }

  function speedUp(): void {
    if (queue.concurrency === most || ++answered < queue.concurrency) return;
    answered = 0;
    queue.concurrency++;
  }

  // Within the queue's task: once that has ended, the queue begins the next one as it was told before.
  return (page, signal) =>
    queue.add(async () => {
      const answer = await ask(page, signal);
      if (answer.kind === "page") speedUp();
      else if (answer.kind === "later" && answer.isBusy) slowDown();
      return answer;
    });
}
