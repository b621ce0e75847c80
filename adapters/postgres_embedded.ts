/**
 * A real PostgreSQL for a machine that has none, on a socket under `DATA_DIR`, shared by every process on that folder.
 *
 * Who uses it holds a shared lock on the file `lease`; who leaves tries for the exclusive one, and gets it only if nobody
 * else is there: then it stops the server, while newcomers wait. Starting is the work of one process at a time, under the
 * lock of `start`. The kernel ends a lock with its process, so that one that was killed leaves nothing behind but a running
 * server, which the next process takes over. A server that is gone while in use is started again by those who use it.
 */
import { join } from "node:path";
import type { Deps, Log } from "../services/ports.ts";
import { placeBinaries, removeLeftovers } from "./postgres_binaries.ts";
import { makePlace, makeSocketFolder, removeSocketFolder } from "./postgres_place.ts";
import {
  type Connection,
  connectionOf,
  lastWords,
  makeData,
  type Place,
  processOf,
  removeStaleLocks,
  startServer,
  stateOf,
  stopServer,
  untilGone,
} from "./postgres_server.ts";

/** A server that this process uses, started again should it crash. Disposing leaves it; the last one to leave stops it. */
export interface EmbeddedPostgres extends AsyncDisposable {
  connection: Connection;
  /** Whether the server was running already. */
  reused: boolean;
}

/**
 * Opens the server of `dataDir`, starting it if it does not run, and making its data the first time. Any number of
 * processes may do so at once, as root or not. Throws a readable error when there is no server for this platform, or it
 * cannot start.
 */
export async function openEmbeddedPostgres(
  { dataDir, log }: { dataDir: string } & Pick<Deps, "log">,
): Promise<EmbeddedPostgres> {
  try {
    const place = await makePlace(dataDir);
    const lease = await takeLease(place);
    const reused = await ensureRunning(place).catch((error) => {
      lease.close();
      throw error;
    });
    log.info(reused ? "embedded database in use" : "embedded database started", { folder: place.home });
    const stack = new AsyncDisposableStack();
    stack.defer(() => leave(place, lease, log));
    stack.use(keepRunning(place, log));
    return { connection: connectionOf(place), reused, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`Cannot use the embedded PostgreSQL in ${dataDir}: ${message}`, { cause });
  }
}

/** How long the server may take to start, also after a crash. */
const START_MS = 60_000;
const PAUSE_MS = 10;

async function takeLease({ home }: Place): Promise<Deno.FsFile> {
  const lease = await openLockFile(join(home, "lease"));
  await locked(lease, { exclusive: false });
  return lease;
}

async function leave(place: Place, lease: Deno.FsFile, log: Log): Promise<void> {
  using held = lease;
  await held.unlock();
  if (!await held.tryLock(true)) return;
  await stopServer(place).then(
    () => removeSocketFolder(place),
    (error) => log.warn("embedded database not stopped", { error }),
  );
}

/** While somebody holds a lease the server is only ever gone because it crashed, or was killed. */
function keepRunning(place: Place, log: Log): AsyncDisposable {
  const stop = new AbortController();
  async function keep(): Promise<void> {
    for (;;) {
      await untilGone(place, stop.signal);
      if (stop.signal.aborted) return;
      await ensureRunning(place).then(
        (reused) => log.warn(reused ? "embedded database back" : "embedded database gone: started again"),
        (error) => log.error("embedded database gone, and not started again", { error }),
      );
      await pause();
    }
  }
  const kept = keep();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await kept;
    },
  };
}

/** Answers whether the server was running already. */
async function ensureRunning(place: Place): Promise<boolean> {
  using start = await openLockFile(join(place.home, "start"));
  await locked(start, { exclusive: true });
  const deadline = performance.now() + START_MS;
  let started: { ended: boolean } | undefined;
  while (performance.now() < deadline) {
    const state = await stateOf(place);
    if (state === "ready") return started === undefined;
    if (started?.ended) {
      const words = await lastWords(place);
      if (!LATE_PROCESSES.test(words)) throw new Error(`the server ended at once:\n${words}`);
      started = undefined;
    } else if (state === "gone" && !started && !await processOf(place)) {
      started = await startFresh(place);
    }
    await pause();
  }
  throw new Error(`the server does not answer:\n${await lastWords(place)}`);
}

/** What a server says when processes of the one before, which crashed, are still on their way out. */
const LATE_PROCESSES = /pre-existing shared memory block/;

async function startFresh(place: Place): Promise<{ ended: boolean }> {
  if (!place.user && place.owner !== Deno.uid()) {
    throw new Error(`it does not run, and only user ${place.owner}, to whom its data belong, or root can start it`);
  }
  const binaries = await placeBinaries(place.home);
  await removeLeftovers(place.home, binaries);
  await makeSocketFolder(place);
  await removeStaleLocks(place);
  await makeData(place, binaries);
  const server = { ended: false };
  startServer(place, binaries).status.then(() => server.ended = true);
  return server;
}

/** Other users than the one that made the file may lock it too, though not write. */
async function openLockFile(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path, { read: true, write: true, create: true }).catch((error) => {
    if (error instanceof Deno.errors.PermissionDenied) return Deno.open(path);
    throw error;
  });
}

/** By trying again and again, because waiting for a lock could not be given up. */
async function locked(file: Deno.FsFile, { exclusive }: { exclusive: boolean }): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (!await file.tryLock(exclusive)) {
    if (performance.now() > deadline) {
      file.close();
      throw new Error("another process has been starting or stopping it for a minute");
    }
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
