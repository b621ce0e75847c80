/** One PostgreSQL server on one data folder: made, started, found again, stopped. Who may do so when is not decided here. */
import { once } from "node:events";
import { join } from "node:path";
import postgres from "postgres";
import { type Binaries, DRAFT_PREFIX, exists } from "./postgres_binaries.ts";
import { type Link, LINK_OPTIONS, openLink } from "./postgres_link.ts";

/** Where a server lives. */
export interface Place {
  /** Holds the folder `data`, and the programs. */
  home: string;
  socketFolder: string;
  /** The user that the server runs as, and the data belong to. */
  owner: number;
  /** Whom root must become to start it. */
  user: { uid: number; gid: number } | undefined;
}

/** Where the server listens, in the words of the driver. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  database: string;
}

const PORT = 5432;

/** The connection to the server of this place. Whoever may enter the socket's folder is trusted. */
export function connectionOf({ socketFolder }: Place): Connection {
  return { host: socketFolder, port: PORT, user: "app", database: "postgres" };
}

/** The name that the server gives to its socket in a folder. */
export const socketIn = (folder: string) => join(folder, `.s.PGSQL.${PORT}`);

async function connect(place: Place): Promise<Link> {
  return await openLink(postgres({ ...connectionOf(place), ...LINK_OPTIONS, fetch_types: false }).options);
}

/** Whether the server takes queries, is on its way up or down or held up, or is not there. */
export async function stateOf(place: Place): Promise<"ready" | "busy" | "gone"> {
  try {
    const { line } = await connect(place);
    await line.close();
    return "ready";
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === "EACCES") throw new Error(`${place.socketFolder} belongs to another user`, { cause: error });
    if (code === "57P03" || code === "STORE_DOWN") return "busy";
    // Whatever else the server says, it is there.
    return error instanceof postgres.PostgresError && message ? "ready" : "gone";
  }
}

/** Resolves when a connection kept for this has been lost, or none can be had, or the signal is aborted. */
export async function untilGone(place: Place, signal: AbortSignal): Promise<void> {
  const link = await connect(place).catch(() => null);
  if (!link) return;
  const over = AbortSignal.any([link.line.lost, signal]);
  if (!over.aborted) await once(over, "abort");
  await link.line.close();
}

/** Makes the data folder unless it is there: whole or not at all, and safely on the disk. */
export async function makeData({ home, user }: Place, { folder, major }: Binaries): Promise<void> {
  const data = join(home, "data");
  if (await exists(data)) return await checkRelease(data, major);
  const draft = join(home, `${DRAFT_PREFIX}${crypto.randomUUID()}`);
  await Deno.mkdir(draft, { mode: 0o700 });
  if (user) await Deno.chown(draft, user.uid, user.gid);
  const { success, stderr } = await new Deno.Command(join(folder, "bin/initdb"), {
    args: [
      ...["--pgdata", draft, "--username", "app", "--auth", "trust", "--encoding", "UTF8", "--no-instructions"],
      // Sorted by code point. The character type is not C: to a trigram index Korean letters would not be letters.
      ...["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"],
      ...["--lc-ctype", Deno.build.os === "linux" ? "C.UTF-8" : "UTF-8"],
      // One call for a thousand files, where there is such a call.
      ...["--sync-method", Deno.build.os === "linux" ? "syncfs" : "fsync"],
    ],
    ...serverProcess(home, user),
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`its data folder could not be made: ${new TextDecoder().decode(stderr).trim()}`);
  await Deno.rename(draft, data);
}

async function checkRelease(data: string, major: number): Promise<void> {
  const found = await Deno.readTextFile(join(data, "PG_VERSION")).then((text) => text.trim(), () => undefined);
  if (found === String(major)) return;
  const what = found
    ? `was written by PostgreSQL ${found}, and this is ${major}`
    : "is not a data folder of PostgreSQL";
  throw new Error(`${data} ${what}; move it away, or set DATA_DIR to another folder or DATABASE_URL to a server`);
}

/** Starts the server in a session of its own, so that a Ctrl-C meant for this process does not reach it. */
export function startServer({ home, socketFolder, user }: Place, { folder }: Binaries): Deno.ChildProcess {
  const data = join(home, "data");
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: socketFolder })
    .flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = [join(folder, "bin/postgres"), "-D", data, ...settings];
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >"$log" 2>&1', "sh", join(data, LOG_FILE), ...server],
    ...serverProcess(home, user),
    detached: true,
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.unref();
  return child;
}

const LOG_FILE = "server.log";

/** Small, so that service and database fit into 300 MiB; durable, as the data must survive whatever happens. */
const SETTINGS = {
  listen_addresses: "",
  port: PORT,
  max_connections: 200,
  shared_buffers: "32MB",
  huge_pages: "off",
  // Saves the processes that PostgreSQL 18 starts for asynchronous reads.
  io_method: "sync",
  wal_level: "minimal",
  max_wal_senders: 0,
  min_wal_size: "32MB",
  max_wal_size: "256MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

/** Nothing of this process' environment: PGPORT and the like would have their way with the server. */
function serverProcess(cwd: string, user: Place["user"]) {
  return { cwd, clearEnv: true, env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, stdin: "null" as const, ...user };
}

/** The process of the server on this data folder, if there is one and this process may see it. */
export async function processOf({ home }: Place): Promise<number | undefined> {
  const pid = await pidIn(join(home, "data/postmaster.pid"));
  return pid && await isServer(pid, home) ? pid : undefined;
}

async function pidIn(path: string): Promise<number | undefined> {
  return parseInt(await Deno.readTextFile(path).catch(() => "")) || undefined;
}

async function isServer(pid: number, home: string): Promise<boolean | undefined> {
  const command = await commandLine(pid);
  return command?.includes("postgres") && command.includes(join(home, "data"));
}

/** What a process was called by; undefined if there is none of this number. */
async function commandLine(pid: number): Promise<string | undefined> {
  if (Deno.build.os === "linux") return await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(gone);
  const { success, stdout } = await new Deno.Command("/bin/ps", { args: ["-ww", "-o", "command=", "-p", `${pid}`] })
    .output();
  return success ? new TextDecoder().decode(stdout) : undefined;
}

function gone(error: unknown): undefined {
  // Deno keeps /proc from all but --allow-all: not to know is not the same as gone.
  if (error instanceof Deno.errors.NotCapable) throw error;
}

/**
 * Removes lock files of a server that crashed whose number some other process has got since: PostgreSQL would take that
 * one for itself. Only while no server runs.
 */
export async function removeStaleLocks({ home, socketFolder }: Place): Promise<void> {
  for (const path of [join(home, "data/postmaster.pid"), `${socketIn(socketFolder)}.lock`]) {
    const pid = await pidIn(path);
    if (pid && await isServer(pid, home) === false) await Deno.remove(path);
  }
}

/** What a disk may take for the last checkpoint. Nobody loses by waiting: without it the server stops all the same. */
const STOP_MS = 60_000;

/** Stops the server and resolves when it is gone: connections are ended, what was committed is on the disk. */
export async function stopServer(place: Place): Promise<void> {
  const pid = await processOf(place);
  if (!pid || !interrupted(pid)) await interruptItself(place);
  const deadline = performance.now() + STOP_MS;
  while (await stateOf(place) !== "gone" || pid && await isServer(pid, place.home)) {
    if (performance.now() > deadline) throw new Error(`it did not stop within ${STOP_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function interrupted(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGINT");
    return true;
  } catch {
    return false;
  }
}

/** For the server of another user, or of a container that shares the folder: this process may not signal it, but it may. */
async function interruptItself(place: Place): Promise<void> {
  const { client, line } = await connect(place);
  await client.unsafe("copy (select) to program 'kill -INT $(head -n 1 postmaster.pid)'").catch(() => {});
  await line.close();
}

/** The last lines that the server wrote. */
export async function lastWords({ home }: Place): Promise<string> {
  const text = await Deno.readTextFile(join(home, "data", LOG_FILE)).catch(() => "");
  return text.trimEnd().split("\n").slice(-8).join("\n");
}
