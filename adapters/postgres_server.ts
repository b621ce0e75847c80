/** One PostgreSQL server on one data folder: made, started, found again, stopped. Who may do so when is not decided here. */
import { join } from "node:path";
import postgres from "postgres";
import { type Binaries, DRAFT_PREFIX, exists } from "./postgres_binaries.ts";

/** Where the server listens, in the words of the driver. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  database: string;
}

/** As whom the server's programs run; undefined: as this process. */
export type ServerUser = { uid: number; gid: number } | undefined;

/** The connection over a socket in the folder `host`. Whoever may enter that folder is trusted. */
export function connectionAt(host: string): Connection {
  return { host, port: 5432, user: "app", database: "postgres" };
}

/** Whether the server takes queries, is on its way up or down, or is not there. */
export async function stateOf(connection: Connection): Promise<"ready" | "busy" | "gone"> {
  try {
    await query(connection, "select 1");
    return "ready";
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EACCES") {
      throw new Error(`Cannot use the embedded PostgreSQL in ${connection.host}: it is another user's`);
    }
    // Starting or stopping, or too busy to answer; any other answer of the server's is a sign of health.
    if (code === "57P03" || code === "CONNECT_TIMEOUT") return "busy";
    return error instanceof postgres.PostgresError ? "ready" : "gone";
  }
}

async function query(connection: Connection, text: string): Promise<void> {
  const sql = postgres({ ...connection, max: 1, connect_timeout: 2, fetch_types: false, onnotice: () => {} });
  try {
    await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 0 });
  }
}

/** Makes the data folder unless it is there: whole or not at all, and on the disk. */
export async function makeData(home: string, { folder, major }: Binaries, user: ServerUser): Promise<void> {
  const data = join(home, "data");
  if (await exists(data)) {
    const found = (await Deno.readTextFile(join(data, "PG_VERSION"))).trim();
    if (found === String(major)) return;
    throw new Error(
      `Cannot start the embedded PostgreSQL: ${data} was written by PostgreSQL ${found}, and this is ${major}; ` +
        "move the folder away, or set DATA_DIR to another one or DATABASE_URL to a server of that release",
    );
  }
  const draft = join(home, `${DRAFT_PREFIX}${crypto.randomUUID()}`);
  await Deno.mkdir(draft, { mode: 0o700 });
  if (user) await Deno.chown(draft, user.uid, user.gid);
  const { success, stderr } = await new Deno.Command(join(folder, "bin/initdb"), {
    args: [
      ...["--pgdata", draft, "--username", "app", "--auth", "trust", "--no-instructions", "--encoding", "UTF8"],
      // Sorted by code point. The character type is not C, or Korean letters would not count as letters in a trigram index.
      ...["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"],
      ...["--lc-ctype", Deno.build.os === "darwin" ? "UTF-8" : "C.UTF-8"],
    ],
    ...asServer(home, user),
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw failure("its data folder could not be made", new TextDecoder().decode(stderr));
  await Deno.rename(draft, data);
}

/** Starts the server in a session of its own, so that a Ctrl-C meant for this process does not reach it. */
export function startServer(
  home: string,
  socketFolder: string,
  { folder }: Binaries,
  user: ServerUser,
): Deno.ChildProcess {
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: socketFolder })
    .flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >"$log" 2>&1',
      "sh",
      join(home, "data", LOG_FILE),
      join(folder, "bin/postgres"),
      "-D",
      join(home, "data"),
      ...settings,
    ],
    ...asServer(home, user),
    detached: true,
    stdin: "null",
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
  shared_buffers: "48MB",
  max_connections: 100,
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

function asServer(home: string, user: ServerUser) {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  return { cwd: home, clearEnv: true, env, ...user };
}

/** The process of the server on this data folder, if there is one and this process may see it. */
export async function processOf(home: string): Promise<number | undefined> {
  const data = join(home, "data");
  const text = await Deno.readTextFile(join(data, "postmaster.pid")).catch(() => "");
  const pid = parseInt(text);
  if (!(pid > 0)) return undefined;
  // After a crash the number may by now belong to anyone.
  const command = await commandLine(pid);
  return command.includes("postgres") && command.includes(data) ? pid : undefined;
}

async function commandLine(pid: number): Promise<string> {
  if (Deno.build.os === "linux") return await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
  const { stdout } = await new Deno.Command("/bin/ps", { args: ["-ww", "-o", "command=", "-p", String(pid)] }).output();
  return new TextDecoder().decode(stdout);
}

/** Removes what a server that crashed left behind: its number may by now belong to a process that would seem to be it. */
export async function removeTraces(home: string, socketFolder: string): Promise<void> {
  const traces = [
    join(home, "data/postmaster.pid"),
    join(socketFolder, ".s.PGSQL.5432.lock"),
    join(socketFolder, ".s.PGSQL.5432"),
  ];
  for (const path of traces) {
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Stops the server and resolves when it is gone: connections are ended, what was committed is on the disk. */
export async function stopServer(home: string, connection: Connection): Promise<void> {
  const pid = await processOf(home);
  if (!pid || !interrupted(pid)) {
    // The server of another user, or one out of sight: it may signal itself.
    await query(connection, "copy (select) to program 'kill -INT $(head -n 1 postmaster.pid)'").catch(() => {});
  }
  const deadline = performance.now() + STOP_MS;
  while ((await stateOf(connection)) !== "gone" || await processOf(home)) {
    if (performance.now() > deadline) throw new Error(`the server did not stop within ${STOP_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const STOP_MS = 10_000;

function interrupted(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGINT");
    return true;
  } catch {
    return false;
  }
}

/** The last lines that the server wrote, for an error. */
export async function lastWords(home: string): Promise<string> {
  const text = await Deno.readTextFile(join(home, "data", LOG_FILE)).catch(() => "");
  return text.trimEnd().split("\n").slice(-8).join("\n");
}

/** An error that says what a program of PostgreSQL said. */
export function failure(state: string, words: string): Error {
  const isFull = /No space left on device/.test(words);
  const told = isFull ? "the disk is full" : state;
  return new Error(`Cannot start the embedded PostgreSQL: ${told}${words.trim() ? `:\n${words.trim()}` : ""}`);
}
