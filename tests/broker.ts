/** A test's own corner of RabbitMQ, looked at and broken from outside, and removed at the end. */
import { Connection } from "rabbitmq-client";

/** What a test may do to the broker behind a queue's back. */
export interface Broker extends AsyncDisposable {
  namespace: string;
  /** The driver's own connection, for what no port offers. */
  connection: Connection;
  /** How many messages wait in a region's queue. */
  waiting(regionCode: string): Promise<number>;
  deleteQueue(regionCode: string): Promise<void>;
}

/** Opens a namespace; disposing deletes the queues of the given regions, and the exchanges. */
export async function openBroker(url: string, regionCodes: string[]): Promise<Broker> {
  const namespace = `test-${crypto.randomUUID()}`;
  const connection = new Connection({ url });
  connection.on("error", () => {});
  await connection.onConnect();
  const queueOf = (regionCode: string) => `${namespace}.region.${regionCode}`;
  return {
    namespace,
    connection,
    async waiting(regionCode) {
      const { messageCount } = await connection.queueDeclare({ queue: queueOf(regionCode), passive: true });
      return messageCount;
    },
    deleteQueue: async (regionCode) => void await connection.queueDelete({ queue: queueOf(regionCode) }),
    async [Symbol.asyncDispose]() {
      await removeNamespace(connection, namespace, regionCodes);
      await connection.close();
    },
  };
}

/** Leaves nothing of a namespace on the broker. */
export async function clearNamespace(url: string, namespace: string, regionCodes: string[]): Promise<void> {
  const connection = new Connection({ url });
  connection.on("error", () => {});
  await removeNamespace(connection, namespace, regionCodes);
  await connection.close();
}

async function removeNamespace(connection: Connection, namespace: string, regionCodes: string[]): Promise<void> {
  for (const regionCode of regionCodes) {
    const queue = `${namespace}.region.${regionCode}`;
    await connection.queueDelete({ queue });
    await connection.queueDelete({ queue: `${queue}.dead` });
  }
  for (const exchange of ["events", "dead"]) {
    await connection.exchangeDelete({ exchange: `${namespace}.${exchange}` });
  }
}
