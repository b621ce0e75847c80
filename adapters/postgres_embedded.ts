/**
 * A real PostgreSQL for a machine that has none, on a socket under `DATA_DIR`, shared by every process on that folder.
 *
 * Who uses it holds a shared lock on the file `lease`; who leaves tries for the exclusive one, and gets it only if nobody
 * else is there: then it stops the server, while newcomers wait. Starting is one process's work at a time, under the lock
 * of `start`. The kernel drops a lock with its process, so nothing is left over by one that was killed; its server runs on
 * and the next process takes it over.
 */
import { join } from "node:path";
import type { Log } from "../services/ports.ts";
import { exists, placeBinaries, removeLeftovers } from "./postgres_binaries.ts";
import {
  type Connection,
  connectionAt,
  failure,
  lastWords,
  makeData,
  processOf,
  removeTraces,
  type ServerUser,
  startServer,
  stateOf,
  stopServer,
} from "./postgres_server.ts";

/** A server in use by this process. Disposing it leaves; the last to leave stops the server. */
export interface EmbeddedPostgres extends AsyncDisposable {
  connection: Connection;
  /** Whether it was running already. */
  reused: boolean;
}

/** First form. */
export async function openEmbeddedPostgres(
  { dataDir, log }: { dataDir: string; log: Log },
): Promise<EmbeddedPostgres> {
  const home = await makeHome(dataDir);
  const user = await serverUser(home);
  const socketFolder = await makeSocketFolder(home, user);
  const connection = connectionAt(socketFolder);
  const lease = await openLock(join(home, "lease"));
  try {
    await acquire(lease, false);
    const reused = await ensureRunning(home, connection, user);
    log.info(reused ? "embedded database taken over" : "embedded database started", { dataDir });
    return { connection, reused, [Symbol.asyncDispose]: () => leave(home, connection, lease, log) };
  } catch (error) {
    lease.close();
    throw error;
  }
}

async function ensureRunning(home: string, connection: Connection, user: ServerUser): Promise<boolean> {
  using start = await openLock(join(home, "start"));
  await acquire(start, true);
  const deadline = performance.now() + 60_000;
  let child: Deno.ChildProcess | undefined;
  let ended = false;
  while (performance.now() < deadline) {
    const state = await stateOf(connection);
    if (state === "ready") return child === undefined;
    if (ended) throw failure("it ended at once", await lastWords(home));
    if (state === "gone" && !child && !(await processOf(home))) {
      await removeTraces(home, connection.host);
      const binaries = await placeBinaries(home);
      await removeLeftovers(home, binaries);
      await makeData(home, binaries, user);
      child = startServer(home, connection.host, binaries, user);
      child.status.then(() => ended = true);
    }
    await pause();
  }
  throw failure("it does not answer", await lastWords(home));
}

async function leave(home: string, connection: Connection, lease: Deno.FsFile, log: Log): Promise<void> {
  using held = lease;
  await held.unlock();
  if (!await held.tryLock(true)) return;
  await stopServer(home, connection).catch((error) => log.warn("embedded database not stopped", { error }));
}

async function makeHome(dataDir: string): Promise<string> {
  await Deno.mkdir(dataDir, { recursive: true });
  const home = join(await Deno.realPath(dataDir), "postgres");
  if (!await exists(home)) await Deno.mkdir(home, { recursive: true, mode: 0o755 });
  return home;
}

async function serverUser(home: string): Promise<ServerUser> {
  if (Deno.uid() !== 0) return undefined;
  const { uid, gid } = await Deno.stat(join(home, "data")).catch(() => Deno.stat(join(home, "..")));
  return uid ? { uid, gid: gid! } : NOBODY;
}

const NOBODY = { uid: 65534, gid: 65534 };

async function makeSocketFolder(home: string, user: ServerUser): Promise<string> {
  const folder = join(home, "socket");
  if (await exists(folder)) return folder;
  await Deno.mkdir(folder, { mode: user === NOBODY ? 0o755 : 0o700 });
  if (user) await Deno.chown(folder, user.uid, user.gid);
  return folder;
}

async function openLock(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path, { read: true, write: true, create: true }).catch((error) => {
    if (error instanceof Deno.errors.PermissionDenied) return Deno.open(path);
    throw error;
  });
}

async function acquire(lock: Deno.FsFile, exclusive: boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await lock.tryLock(exclusive)) {
    if (performance.now() > deadline) {
      throw new Error("Cannot start the embedded PostgreSQL: another process is at it for a minute");
    }
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
