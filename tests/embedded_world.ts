/** What the tests of the embedded database share: folders, processes of their own, users. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { EmbeddedPostgres } from "../adapters/postgres_embedded.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import { poll } from "./poll.ts";
import { quietLog } from "./quiet_log.ts";

type Connection = EmbeddedPostgres["connection"];

/** A folder that every user may enter, removed at the end, whatever still runs in it stopped. */
export async function makeDataDir(name = ""): Promise<{ path: string; home: string } & AsyncDisposable> {
  const root = await Deno.makeTempDir({ prefix: "moajang-" });
  await Deno.chmod(root, 0o755);
  const path = join(root, name);
  const home = join(path, "postgres");
  return {
    path,
    home,
    async [Symbol.asyncDispose]() {
      await poll(async () => {
        const processes = await serverProcesses(home);
        for (const pid of processes) kill(pid, "SIGKILL");
        return processes.length === 0;
      });
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Asks once, over a connection of its own. */
export async function query(connection: Connection, text: string): Promise<Record<string, unknown>[]> {
  const { sql, ...pool } = await openSql({ target: connection, max: 1, log: quietLog });
  return await sql.unsafe(text).finally(() => pool[Symbol.asyncDispose]()) as never;
}

/** Every process of the server on this folder: the first one and those it started. */
export async function serverProcesses(home: string): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-ww", "-eo", "pid=,ppid=,args="] }).output();
  const rows = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.trim().split(/\s+/));
  const first = rows.filter((row) => row.includes("-D") && row.includes(join(home, "data"))).map(([pid]) => pid);
  return rows.filter(([pid, parent]) => first.includes(pid!) || first.includes(parent!)).map(([pid]) => Number(pid));
}

/** Sends a signal to a process that may be gone already. */
export function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What such a process says. */
export interface Words {
  reused?: boolean;
  connection?: Connection;
  error?: string;
  left?: boolean;
  answered?: number;
}

/** A process of tests/embedded_process.ts, killed at the end if it still runs. */
export interface Started extends AsyncDisposable {
  pid: number;
  /** The next thing it says. */
  words(): Promise<Words>;
  kill(signal: Deno.Signal): Promise<void>;
}

/** Starts one, in a process group of its own; as another user with a copy of what it runs. */
export function start(dataDir: string, as?: { uid: number; copy: Copy }): Started {
  const script = as ? join(as.copy.project, "tests/embedded_process.ts") : join(PROJECT, "tests/embedded_process.ts");
  const child = new Deno.Command(as?.copy.deno ?? Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", script, dataDir],
    ...(as && {
      uid: as.uid,
      gid: as.uid,
      cwd: as.copy.project,
      env: { DENO_DIR: as.copy.cache, HOME: as.copy.cache, PWD: as.copy.project },
    }),
    detached: true,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    pid: child.pid,
    async words() {
      while (!text.includes("\n")) {
        const { value, done } = await lines.read();
        if (done) return assert.fail(`it ended without a word: ${JSON.stringify(await child.status)}`);
        text += value;
      }
      const [line, ...rest] = text.split("\n");
      text = rest.join("\n");
      return JSON.parse(line!);
    },
    async kill(signal) {
      kill(child.pid, signal);
      await child.status;
    },
    async [Symbol.asyncDispose]() {
      kill(child.pid, "SIGKILL");
      await child.status;
      await lines.cancel();
    },
  };
}

const PROJECT = new URL("..", import.meta.url).pathname;

/** Deno, its packages and the project for a user who may not go where they lie. */
export interface Copy extends AsyncDisposable {
  deno: string;
  cache: string;
  project: string;
}

/** Makes a copy for a user, of links where that is possible. */
export async function copyFor(uid: number): Promise<Copy> {
  const root = await Deno.makeTempDir({ prefix: "moajang-copy-" });
  const copy = { deno: join(root, "deno"), cache: join(root, "cache"), project: join(root, "project") };
  await Deno.chmod(root, 0o755);
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  for (const folder of [copy.cache, copy.project]) await Deno.mkdir(folder);
  await copyTo(copy.deno, Deno.execPath());
  await copyTo(join(copy.cache, "npm"), npmCache);
  for (const part of ["adapters", "contract", "services", "tests", "deno.json", "deno.lock"]) {
    await copyTo(join(copy.project, part), join(PROJECT, part));
  }
  await Deno.chown(copy.cache, uid, uid);
  return { ...copy, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

async function copyTo(to: string, from: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-al", from, to], stderr: "null" }).output();
  if (success) return;
  await new Deno.Command("rm", { args: ["-rf", to] }).output();
  await new Deno.Command("cp", { args: ["-a", from, to] }).output();
}
