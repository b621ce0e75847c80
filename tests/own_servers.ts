/** Servers of a test's own, to be killed as it likes: a Redis without a file, and a RabbitMQ whose data can be thrown away. */
import { once } from "node:events";
import net from "node:net";
import { poll } from "./poll.ts";

/** A server that runs until it is killed, and may be started again at the same address. */
export interface OwnServer {
  url: string;
  start(): Promise<void>;
  /** Kills it where it stands. */
  kill(): Promise<void>;
}

/** Starts a Redis that keeps nothing. */
export async function openRedisServer(): Promise<OwnServer> {
  const port = await freePort();
  let process: Deno.ChildProcess;
  async function start(): Promise<void> {
    process = new Deno.Command("redis-server", {
      args: ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      ...QUIET,
    }).spawn();
    await poll(() => listens(port));
  }
  await start();
  return { url: `redis://127.0.0.1:${port}`, start, kill: () => end(process) };
}

/** Starts a RabbitMQ with a data directory of its own, which `forget` deletes while it is dead. Closed with the stack. */
export async function openRabbitServer(stack: AsyncDisposableStack): Promise<OwnServer & { forget(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "moajang-rabbit-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.writeTextFile(`${folder}/plugins`, "[].");
  const port = await freePort(), distribution = await freePort();
  const env = {
    HOME: folder,
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distribution}`,
    RABBITMQ_MNESIA_BASE: `${folder}/data`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
    RABBITMQ_CONFIG_FILE: `${folder}/none`,
    // Its start script then becomes the server, instead of waiting for it: killed, the server is.
    RUNNING_UNDER_SYSTEMD: "true",
  };
  const program = await rabbitProgram();
  let process: Deno.ChildProcess;
  async function start(): Promise<void> {
    process = new Deno.Command(program, { env, ...QUIET }).spawn();
    await poll(() => listens(port), { timeoutMs: 60_000 });
  }
  await start();
  stack.defer(() => end(process));
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    start,
    kill: () => end(process),
    forget: () => Deno.remove(`${folder}/data`, { recursive: true }),
  };
}

const QUIET = { stdin: "null", stdout: "null", stderr: "null" } as const;

/** Debian's own command changes to another user first; the one behind it does not. */
async function rabbitProgram(): Promise<string> {
  const behind = "/usr/lib/rabbitmq/bin/rabbitmq-server";
  return await Deno.stat(behind).then(() => behind, () => "rabbitmq-server");
}

async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch { /* it has ended already */ }
  await process.status;
}

function listens(port: number): Promise<boolean> {
  return Deno.connect({ hostname: "127.0.0.1", port }).then((line) => (line.close(), true), () => false);
}

async function freePort(): Promise<number> {
  const listener = net.createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  listener.close();
  return port;
}
