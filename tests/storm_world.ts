/** Two nodes, a Redis and the wires between them, all of which may be killed, cut or held up at any time. */
import { v7 } from "uuid";
import { type FaultProxy, openFaultProxy } from "./fault_proxy.ts";
import { createDatabase, startTestService, type TestService } from "./harness.ts";
import { type NodeProcess, startNode } from "./node_process.ts";
import { openRedisServer } from "./own_servers.ts";

/** The world of a storm. `service` is a third node, in the test's own process, that nobody harms: it sets up and looks on. */
export interface StormWorld {
  service: TestService;
  /** A way to one of the two nodes, the given one first; it may just be gone. */
  door(first: number): () => string;
  /** What may be done to it; each resolves when the world is whole again. */
  faults: Record<string, () => Promise<void>>;
  /** From here on the database refuses one in twenty of the transactions that write into a log. */
  refuseSome(): Promise<void>;
  /** How many it has refused. */
  refused(): Promise<number>;
}

/** Of transactions that insert entries. */
const REFUSED_SHARE = 0.05;
/** How long wires are held up, and a killed Redis stays away. */
const AWAY_MS = 1_000;

/** Opens it on real PostgreSQL and a Redis of its own, closed with the stack. */
export async function openStormWorld(stack: AsyncDisposableStack): Promise<StormWorld> {
  const database = stack.use(await createDatabase());
  const redis = await openRedisServer();
  stack.defer(() => redis.kill());
  const wires = stack.use(await openFaultProxy(redis.url));
  const environment = {
    ...database.environment,
    REDIS_URL: wires.url,
    AMQP_URL: "",
    NAMESPACE: `storm-${v7().slice(-12)}`,
    JWT_SECRET: "the tests' own secret, 32 bytes and more",
  };
  const service = stack.use(await startTestService({ database, namespace: environment.NAMESPACE, environment }));
  const nodes: Node[] = [];
  stack.defer(async () => {
    for (const node of nodes) await node.stop();
  });
  for (let i = 0; i < 2; i++) nodes.push(await openNode(environment));
  const each = (what: (node: Node) => void) => {
    nodes.forEach(what);
    return Promise.resolve();
  };
  const restart = async (i: number) => {
    await nodes[i]!.kill();
    nodes[i] = await openNode(environment);
  };
  return {
    service,
    door(first) {
      let turn = first;
      return () => nodes[turn++ % 2]!.wires.url;
    },
    faults: {
      "the first node killed": () => restart(0),
      "the second node killed": () => restart(1),
      "Redis killed": async () => {
        await redis.kill();
        await sleep(AWAY_MS);
        await redis.start();
      },
      "the nodes' wires to Redis cut": () => Promise.resolve(wires.cut()),
      "the clients' wires cut": () => each(({ wires }) => wires.cut()),
      "the clients' wires cut after some bytes": async () => {
        await each(({ wires }) => wires.cutAfter(2_000 * (1 + Math.random())));
        await sleep(AWAY_MS);
        await each(({ wires }) => wires.cutAfter(Infinity));
      },
      "the clients' wires held up": async () => {
        await each(({ wires }) => wires.set("stall"));
        await sleep(AWAY_MS);
        await each(({ wires }) => wires.set("pass"));
      },
      "connections to the database thrown out": async () => {
        await service.sql`
          select pg_terminate_backend(pid)
          from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5`.catch(() => {});
      },
    },
    refuseSome: () => refuseSome(service),
    async refused() {
      const [row] = await service.sql<{ refused: number }[]>`select last_value::int as refused from storm_refused`;
      return row!.refused;
    },
  };
}

interface Node {
  wires: FaultProxy;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

async function openNode(environment: Record<string, string>): Promise<Node> {
  const process: NodeProcess = await startNode(environment);
  const wires = await openFaultProxy(process.wsUrl);
  return {
    wires,
    async kill() {
      await process.kill();
      await wires[Symbol.asyncDispose]();
    },
    async stop() {
      await process[Symbol.asyncDispose]();
      await wires[Symbol.asyncDispose]();
    },
  };
}

/** Refuses a transaction after its last statement. A sequence counts them: it is not rolled back. */
async function refuseSome({ sql }: TestService): Promise<void> {
  await sql.unsafe(`
    create sequence storm_refused minvalue 0 start 0;
    create function storm_refuse() returns trigger language plpgsql as $$
    begin
      if random() < ${REFUSED_SHARE} then
        perform nextval('storm_refused');
        raise exception 'refused by the test';
      end if;
      return null;
    end $$;
    create trigger storm_refuse after insert on chat_entries execute function storm_refuse()`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
