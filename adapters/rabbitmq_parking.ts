/** Moves a message that is given up to the dead letters of its region, with the reason. */
import type { AsyncMessage, Channel } from "rabbitmq-client";
import type { RabbitLink } from "./rabbitmq_connection.ts";
import { parkedOf } from "./rabbitmq_message.ts";
import { within } from "./within.ts";

const PARK_MS = 2_000;

/** Resolves when the message is safely among the dead letters of the region; rejects within 2 s when it may not be. */
export async function parkMessage(
  { link, namespace }: { link: RabbitLink; namespace: string },
  regionCode: string,
  raw: AsyncMessage,
  reason: string,
): Promise<void> {
  // Rare enough for a channel of its own.
  const channel = await link.connection().acquire();
  try {
    await within(PARK_MS, "parking a message", publish(channel));
  } finally {
    await channel.close().catch(() => {});
  }

  async function publish(channel: Channel): Promise<void> {
    await channel.confirmSelect();
    let isReturned = false;
    channel.on("basic.return", () => isReturned = true);
    const envelope = { ...parkedOf(raw, reason), exchange: `${namespace}.dead`, routingKey: regionCode };
    await channel.basicPublish(envelope, raw.body);
    // The broker returns a message before it confirms it, but the driver tells of the return a turn later.
    await new Promise<void>((resolve) => setTimeout(resolve));
    if (isReturned) throw new Error(`No queue takes the dead letters of ${regionCode}`);
  }
}
