/**
 * `deno task test:services`: the whole suite on real PostgreSQL, Redis and RabbitMQ. A server whose URL is given is used;
 * one that runs on its usual port is used too; what is missing is installed (Debian's packages) and started.
 * A server that cannot be had fails the run: nothing is skipped. Arguments go on to `deno test`.
 */
import postgres from "postgres";
import { Connection } from "rabbitmq-client";
import { createClient } from "redis";

/** One server: where it is told of, where it usually is, how to see that it works, how to get it. */
interface Server {
  variable: string;
  url: string;
  /** Resolves when the server has answered as it should. */
  greet(url: string): Promise<unknown>;
  packages: string[];
  /** Starts what the package installed. */
  start(): Promise<unknown>;
  /** A server that answers and lets nobody in: makes an account for the tests. */
  admit?(url: string): Promise<string>;
}

const SERVERS: Server[] = [
  {
    variable: "DATABASE_URL",
    url: "postgres://postgres@127.0.0.1:5432/postgres",
    greet: greetPostgres,
    packages: ["postgresql"],
    start: async () =>
      await run("pg_ctlcluster", "--skip-systemctl-redirect", await postgresVersion(), "main", "start"),
    admit: admitToPostgres,
  },
  {
    variable: "REDIS_URL",
    url: "redis://127.0.0.1:6379",
    greet: greetRedis,
    packages: ["redis-server"],
    start: () => run("redis-server", "--daemonize", "yes", "--bind", "127.0.0.1", "--port", "6379", "--save", ""),
  },
  {
    variable: "AMQP_URL",
    url: "amqp://guest:guest@127.0.0.1:5672",
    greet: greetRabbit,
    packages: ["rabbitmq-server"],
    start: () => run("rabbitmq-server", "-detached"),
  },
];

/** How long a server may take to come up: RabbitMQ on a busy machine needs most of it. */
const START_MS = 90_000;

async function greetPostgres(url: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  return await sql`select 1`.finally(() => sql.end({ timeout: 1 }));
}

async function greetRedis(url: string): Promise<unknown> {
  const redis = createClient({ url, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
  redis.on("error", () => {}); // The failed connect tells it too.
  await redis.connect();
  return await redis.ping().finally(() => redis.destroy());
}

async function greetRabbit(url: string): Promise<unknown> {
  const connection = new Connection({ url, connectionTimeout: 5_000 });
  let refusal: unknown;
  connection.on("error", (error) => refusal = error);
  await connection.onConnect(5_000).catch((late) => {
    throw refusal ?? late;
  });
  return await connection.close();
}

/** A fresh Debian server knows only local users: a role of the tests' own, with a new password each time. */
async function admitToPostgres(url: string): Promise<string> {
  const password = crypto.randomUUID();
  await run("su", "postgres", "-c", "psql -qc 'drop role if exists moajang_tests'");
  await run("su", "postgres", "-c", `psql -qc "create role moajang_tests superuser login password '${password}'"`);
  const own = new URL(url);
  [own.username, own.password] = ["moajang_tests", password];
  return own.href;
}

async function postgresVersion(): Promise<string> {
  const version = (await run("pg_lsclusters", "--no-header")).split(/\s/)[0];
  if (!version) throw new Error("Cannot start PostgreSQL: the package made no cluster");
  return version;
}

/** The URL of a server that works. */
async function have(server: Server): Promise<string> {
  const { variable, url, greet, packages, start, admit } = server;
  const given = Deno.env.get(variable);
  if (given) {
    await greet(given);
    return given;
  }
  if (!(await isListening(url))) {
    say(`Nothing answers at ${new URL(url).host}: installing and starting ${packages.join(", ")}`);
    if (!(await isInstalled(packages))) await install(packages);
    const told = await start().catch(String); // The package may have started it already: then this fails and no harm is done.
    await until(() => isListening(url), `Cannot start ${packages[0]}: ${told}`);
  }
  const usable = admit ? await greet(url).then(() => url, () => admit(url)) : url;
  await greet(usable);
  return usable;
}

async function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return await Deno.connect({ hostname, port: Number(port) }).then((socket) => (socket.close(), true), () => false);
}

async function isInstalled(packages: string[]): Promise<boolean> {
  return await run("dpkg", "--status", ...packages).then((text) => !text.includes("deinstall"), () => false);
}

async function install(packages: string[]): Promise<void> {
  await run("apt-get", "update", "-q");
  await run("apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages);
}

async function until(check: () => Promise<boolean>, complaint: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(complaint);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Runs a command to its end and answers its output. Throws with what it said when it fails. */
async function run(command: string, ...args: string[]): Promise<string> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env, stdin: "null" }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${(err || out).trim().slice(-2_000)}`);
  return out;
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(line + "\n"));
}

if (import.meta.main) {
  const env: Record<string, string> = {};
  for (const server of SERVERS) {
    env[server.variable] = await have(server).catch((error) => {
      say(`Cannot test on real servers, ${server.variable}: ${error instanceof Error ? error.message : error}`);
      Deno.exit(1);
    });
  }
  const tests = new Deno.Command(Deno.execPath(), { args: ["task", "test", ...Deno.args], env });
  Deno.exit((await tests.spawn().status).code);
}
