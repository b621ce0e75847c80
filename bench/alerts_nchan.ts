/** nginx with nchan, as the peer of the streams: one channel, kept in memory. */
import { poll } from "../tests/poll.ts";

const MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** Starts it on a free port; `null` where it is not installed. Disposing ends it. */
export async function openNchan(): Promise<({ url: string } & AsyncDisposable) | null> {
  const isThere = await Promise.all(
    [MODULE, "/usr/sbin/nginx"].map((path) => Deno.stat(path).then(() => true, () => false)),
  );
  if (isThere.includes(false)) return null;
  const folder = await Deno.makeTempDir({ prefix: "moajang-nchan-" });
  const port = freePort();
  await Deno.writeTextFile(`${folder}/nginx.conf`, confOf(folder, port));
  const nginx = new Deno.Command("/usr/sbin/nginx", {
    args: ["-c", `${folder}/nginx.conf`, "-p", folder, "-e", `${folder}/error.log`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await poll(() => Deno.connect({ hostname: "127.0.0.1", port }).then((line) => (line.close(), true), () => false));
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      nginx.kill("SIGTERM");
      await nginx.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function confOf(folder: string, port: number): string {
  return `
load_module ${MODULE};
daemon off;
pid ${folder}/pid;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  server {
    listen 127.0.0.1:${port};
    location = /publish { nchan_publisher; nchan_channel_id alerts; }
    location = /stream { nchan_subscriber eventsource; nchan_channel_id alerts; nchan_subscriber_first_message newest; }
  }
}
`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
