/** A connection to RabbitMQ that mends itself, and can be given up when it is alive but stuck. */
import { Connection } from "rabbitmq-client";
import type { Log } from "../services/ports.ts";
import { within } from "./within.ts";

/** The driver mends what breaks; `renew` replaces a connection that neither works nor breaks. */
export interface RabbitLink extends AsyncDisposable {
  connection(): Connection;
  /** Everything under way on the stale connection is rejected. Does nothing when it has been replaced already. */
  renew(stale: Connection): void;
}

const CLOSE_MS = 2_000;

/** Opens a link. Connecting goes on in the background; disposing waits up to 2 s for open channels to be closed. */
export function openRabbitLink({ url, log }: { url: string; log: Log }): RabbitLink {
  let connection = connect({ url, log });
  return {
    connection: () => connection,
    renew(stale) {
      if (stale !== connection) return;
      log.warn("a connection to rabbitmq is stuck and replaced");
      connection = connect({ url, log });
      stale.unsafeDestroy();
    },
    async [Symbol.asyncDispose]() {
      await within(CLOSE_MS, "closing", connection.close()).catch(() => connection.unsafeDestroy());
    },
  };
}

function connect({ url, log }: { url: string; log: Log }): Connection {
  const connection = new Connection({
    url,
    connectionName: "moajang",
    // The driver gives a silent connection up after four halves of a heartbeat.
    heartbeat: 2,
    connectionTimeout: 2_000,
    acquireTimeout: 1_000,
    retryLow: 100,
    retryHigh: 1_000,
    noDelay: true,
  });
  connection.on("error", (error) => log.warn("rabbitmq interrupted a connection", { error }));
  connection.on("connection", () => log.debug("rabbitmq is connected"));
  connection.on("connection.blocked", (reason) => log.warn("rabbitmq takes no messages", { reason }));
  return connection;
}
