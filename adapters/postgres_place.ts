/** Where an embedded server lives: folders that it and its users can enter, whoever they are. */
import { dirname, join } from "node:path";
import { exists } from "./postgres_binaries.ts";
import { type Place, socketIn } from "./postgres_server.ts";

/** As whom a server runs that root started: PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65534, gid: 65534 };

/**
 * Makes the folders of an embedded server under `dataDir` and answers where they are. As root the server runs as the owner
 * of these folders, or as nobody if that is root: then its socket is open to whoever may enter `dataDir`, so that other
 * users can work on the same data. Otherwise it is open to its user and root alone.
 */
export async function makePlace(dataDir: string): Promise<Place> {
  await Deno.mkdir(dataDir, { recursive: true });
  const home = await chooseHome(join(await Deno.realPath(dataDir), "postgres"));
  const asRoot = Deno.uid() === 0 ? await unprivileged(home) : undefined;
  if (asRoot) await checkReach(home, asRoot);
  await makeFolder(home, 0o755, asRoot === NOBODY ? undefined : asRoot);
  const { uid } = await Deno.stat(home);
  const owner = uid || NOBODY.uid;
  const place = { home, socketFolder: await socketFolderOf(home), owner, user: asRoot };
  if (await exists(place.socketFolder)) await checkOwner(place);
  return place;
}

/** For root's data where nobody else may go. */
const ELSEWHERE = "/var/lib/moajang";

/**
 * The folder itself, unless root starts the server where its user could not go, as in root's own home: then a link is put
 * there, to a folder of the system's own. It stays in force whatever becomes of the way there.
 */
async function chooseHome(folder: string): Promise<string> {
  const link = await Deno.readLink(folder).catch(() => null);
  if (link) return link;
  if (Deno.uid() !== 0 || !await blockedAt(folder, await unprivileged(folder))) return folder;
  await Deno.mkdir(ELSEWHERE, { recursive: true });
  await Deno.chmod(ELSEWHERE, 0o755);
  await Deno.symlink(join(ELSEWHERE, crypto.randomUUID()), folder).catch((error) => {
    // Of two that start at once the first one's link counts.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  return await Deno.readLink(folder);
}

/** Makes the folder for the socket. Only by who is about to start the server. */
export async function makeSocketFolder(place: Place): Promise<void> {
  await makeFolder(place.socketFolder, place.owner === NOBODY.uid ? 0o755 : 0o700, place.user);
  await checkOwner(place);
}

/** Removes it again if it lies in /tmp. Only by who has stopped the server. */
export async function removeSocketFolder({ home, socketFolder }: Place): Promise<void> {
  if (socketFolder.startsWith(home)) return;
  // In /tmp only its owner and root may; of others' one empty folder stays, for the next start.
  await Deno.remove(socketFolder).catch(() => {});
}

async function unprivileged(home: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await Deno.stat(home).catch(() => Deno.stat(dirname(home)));
  return uid ? { uid, gid: gid! } : NOBODY;
}

async function checkReach(home: string, user: { uid: number; gid: number }): Promise<void> {
  const folder = await blockedAt(home, user);
  if (!folder) return;
  throw new Error(
    `started by root it runs as user ${user.uid}, who may not enter ${folder}; ` +
      "let that user in (chmod o+x), set DATA_DIR to a folder elsewhere, or start as another user",
  );
}

/** The first folder on the way that the user may not enter, if there is one. */
async function blockedAt(home: string, user: { uid: number; gid: number }): Promise<string | null> {
  for (let folder = dirname(home);; folder = dirname(folder)) {
    const { mode, uid, gid } = await Deno.stat(folder);
    const mayEnter = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if (!(mode! & mayEnter)) return folder;
    if (folder === dirname(folder)) return null;
  }
}

async function makeFolder(path: string, mode: number, owner: Place["user"]): Promise<void> {
  if (await exists(path)) return;
  const draft = `${path}.${crypto.randomUUID()}`;
  await Deno.mkdir(draft);
  // Not by mkdir, which lets the umask take away from it.
  await Deno.chmod(draft, mode);
  if (owner) await Deno.chown(draft, owner.uid, owner.gid);
  // Whoever comes first wins; over an empty folder of the same kind a rename changes nothing.
  await Deno.rename(draft, path).catch(async (error) => {
    await Deno.remove(draft);
    if (!await exists(path)) throw error;
  });
}

/** A socket's path has room for this many bytes on every system that has a server. */
const PATH_BYTES_MAX = 103;

/** Beside the data, or, where its name would be too long or of other than plain letters, by a short name in /tmp. */
async function socketFolderOf(home: string): Promise<string> {
  const folder = join(home, "socket");
  if (socketIn(folder).length <= PATH_BYTES_MAX && /^[\w./-]+$/.test(folder)) return folder;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(home));
  return `/tmp/moajang-${new Uint8Array(digest, 0, 8).toHex()}`;
}

/** In /tmp anyone could have put a folder, or a link, of that name. */
async function checkOwner({ socketFolder, owner }: Place): Promise<void> {
  const { uid, isDirectory } = await Deno.lstat(socketFolder);
  if (!isDirectory || uid !== owner) throw new Error(`${socketFolder} belongs to another user`);
}
