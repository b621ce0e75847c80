/**
 * The processes of a chat bench, each on its core: PostgreSQL and Redis of the bench's own, the service's nodes and their
 * peers on one, the load on the other. All of it listens on loopback, and is gone when the bench is.
 */
import { type NodeProcess, startNode } from "../tests/node_process.ts";
import { TextLineStream } from "../tests/text_lines.ts";
import { poll } from "../tests/poll.ts";

/** Where whatever is measured runs. */
const SERVERS_CORE = "0";
/** Where whatever measures runs. */
const LOAD_CORE = "1";
/** For what is measured whole, wherever its parts run. */
export const ALL_CORES = `${SERVERS_CORE},${LOAD_CORE}`;

/** What an interrupted bench still does, last come first; otherwise everyone who starts something ends it. */
const endings: (() => void)[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    for (const end of endings.reverse()) {
      try {
        end();
      } catch { /* it has ended already */ }
    }
    Deno.exit(130);
  });
}

/** Has an interrupted bench do this too, at once and before what was asked for earlier. */
export function whenInterrupted(end: () => void): void {
  endings.push(end);
}

/** A process that serves. Disposing ends it. */
export interface Served extends AsyncDisposable {
  host: string;
  port: number;
  pid: number;
}

/** PostgreSQL and Redis of a bench's own. */
export interface Stores extends AsyncDisposable {
  databaseUrl: string;
  redisUrl: string;
  /** Of the two servers. */
  pids: number[];
}

/** Starts empty ones, with the settings they come with, on the servers' core or on any. */
export async function startStores({ cores = SERVERS_CORE }: { cores?: string } = {}): Promise<Stores> {
  await using stack = new AsyncDisposableStack();
  const { url: databaseUrl, pid } = await startPostgres(stack, cores);
  const redis = stack.use(await startRedis(cores));
  const kept = stack.move();
  return {
    databaseUrl,
    redisUrl: `redis://${redis.host}:${redis.port}`,
    pids: [pid, redis.pid],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startPostgres(stack: AsyncDisposableStack, cores: string): Promise<{ url: string; pid: number }> {
  const folder = await Deno.makeTempDir({ prefix: "moajang-bench-" });
  endings.push(() => Deno.removeSync(folder, { recursive: true }));
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  // It refuses to run as root, and then runs as the user that its package made.
  const as = Deno.uid() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
  if (as.length > 0) await output(["chown", "postgres", folder]);
  await output([...as, "initdb", "-D", `${folder}/data`, "-U", "postgres", "-A", "trust", "--no-sync"]);
  const port = freePort(), url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const process = spawn([
    ...["taskset", "-c", cores, ...as, "postgres", "-D", `${folder}/data`, "-p", `${port}`],
    ...["-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`, "-c", "max_connections=200"],
  ]);
  await poll(() => output(["pg_isready", "-q", "-d", url]).then(() => true, () => false));
  // Not the process that was spawned, which may only be waiting for the server as another user.
  const pid = Number((await Deno.readTextFile(`${folder}/data/postmaster.pid`)).split("\n", 1)[0]);
  endings.push(() => Deno.kill(pid, "SIGQUIT"));
  stack.defer(async () => {
    Deno.kill(pid, "SIGINT");
    await process.status;
  });
  return { url, pid };
}

async function startRedis(cores: string): Promise<Served> {
  const port = freePort();
  const process = spawn(["taskset", "-c", cores, "redis-server", "--port", `${port}`, "--save", ""]);
  await poll(() => Deno.connect({ port }).then((socket) => (socket.close(), true), () => false));
  return served(process, port);
}

/** Starts a node of the service on the servers' core. */
export async function startServiceNode(environment: Record<string, string>): Promise<Served> {
  const node: NodeProcess = await startNode(environment, "start", ["taskset", "-c", SERVERS_CORE]);
  return {
    host: "127.0.0.1",
    port: Number(new URL(node.url).port),
    pid: node.pid,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

/** Starts a peer of `bench/peers/` on the servers' core; it prints its port. */
export async function startPeer(
  name: "ws" | "socketio" | "deno",
  environment: Record<string, string> = {},
): Promise<Served> {
  const path = new URL(`peers/${name}.ts`, import.meta.url).pathname;
  const run = name === "deno"
    ? [Deno.execPath(), "run", "--no-check", "--allow-all", "--config", configOf(path), path]
    : ["node", await bundle(path)];
  const process = spawn(["taskset", "-c", SERVERS_CORE, ...run], environment);
  for await (const line of linesOf(process.stdout)) return served(process, Number(line));
  throw new Error(`the peer ${name} ended without listening`);
}

/** What a load process is to do, and what it found. */
export interface Load<Plan, Result> {
  name: string;
  plan: Plan;
  /** Called with each line before the last; the process waits until this has resolved. */
  onLine?: (line: Result) => Promise<void>;
}

/** Runs `bench/load/<name>.ts` on the load's core, and gives the last thing it found. */
export async function runLoad<Plan, Result>({ name, plan, onLine }: Load<Plan, Result>): Promise<Result> {
  const path = await bundle(new URL(`load/${name}.ts`, import.meta.url).pathname);
  const process = new Deno.Command("taskset", {
    args: ["-c", LOAD_CORE, "node", path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  const write = (text: string) => writer.write(new TextEncoder().encode(text + "\n"));
  await write(JSON.stringify(plan));
  let last: Result | undefined;
  for await (const line of linesOf(process.stdout)) {
    last = JSON.parse(line) as Result;
    await onLine?.(last);
    await write("").catch(() => {/* it has ended */});
  }
  const { success } = await process.status;
  await writer.close().catch(() => {});
  if (!success || last === undefined) throw new Error(`the load ${name} failed`);
  return last;
}

/** Peers have packages of their own, which the service's lock does not know. */
function configOf(path: string): string {
  return new URL(path.includes("/peers/") ? "peers/deno.json" : "../deno.json", import.meta.url).pathname;
}

const bundles = new Map<string, Promise<string>>();

/** Node runs neither TypeScript nor Deno's imports: the file in one, its packages as the lock has them. */
function bundle(path: string): Promise<string> {
  return bundles.getOrInsertComputed(path, async () => {
    const to = await Deno.makeTempFile({ prefix: "moajang-bench-", suffix: ".mjs" });
    globalThis.addEventListener("unload", () => Deno.removeSync(to));
    await output([
      Deno.execPath(),
      "bundle",
      "--quiet",
      "--config",
      configOf(path),
      "--platform",
      "deno",
      "--output",
      to,
      path,
    ]);
    return to;
  });
}

/** Memory that is the process' own, its share of what is shared included, in bytes. */
export async function pssOf(pid: number): Promise<number> {
  const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]) * 1024;
}

/** Processor time that these processes and their children have taken, in ms. */
export async function cpuMsOf(pids: number[]): Promise<number> {
  let ticks = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    // Behind the name, which may hold anything: state, parent, …, the times of itself and of children that have gone.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    const isTheirs = pids.includes(Number(name)) || pids.includes(fields[1]!);
    if (isTheirs) ticks += fields[11]! + fields[12]! + fields[13]! + fields[14]!;
  }
  return ticks * 10;
}

/** From now on: how many processors of the machine have been busy on average, with whatever. */
export function busyCoresSince(): () => Promise<number> {
  const begun = readTicks();
  return async () => {
    const from = await begun, to = await readTicks();
    return navigator.hardwareConcurrency * (1 - (to.idle - from.idle) / (to.all - from.all));
  };
}

async function readTicks(): Promise<{ idle: number; all: number }> {
  const [line] = (await Deno.readTextFile("/proc/stat")).split("\n", 1);
  // User, nice, system, idle, waiting for a disk, …, the times of guests being part of the first two.
  const ticks = line!.trim().split(/\s+/).slice(1, 9).map(Number);
  return { idle: ticks[3]! + ticks[4]!, all: ticks.reduce((sum, each) => sum + each, 0) };
}

/** Runs a command to its end and gives what it printed. Throws with what it complained of. */
export async function output([command, ...args]: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command!, { args, cwd: "/" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The same on the load's core. */
export function outputOfLoad(command: string[]): Promise<string> {
  return output(["taskset", "-c", LOAD_CORE, ...command]);
}

function spawn([command, ...args]: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  const quiet = { stdin: "null", stderr: "null", cwd: "/" } as const;
  const process = new Deno.Command(command!, { args, env, stdout: "piped", ...quiet }).spawn();
  endings.push(() => process.kill("SIGTERM"));
  return process;
}

function served(process: Deno.ChildProcess, port: number): Served {
  return {
    host: "127.0.0.1",
    port,
    pid: process.pid,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  yield* stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
