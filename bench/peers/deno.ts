/** The same as `ws.ts` on Deno's own sockets: what the service stands on. */
import { createClient } from "redis";

const rooms = new Map<string, Set<WebSocket>>();
const url = Deno.env.get("REDIS_URL");
const publisher = url ? await createClient({ url }).connect() : null;
const subscriber = url ? await createClient({ url }).connect() : null;

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => void Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  let room = "";
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.room) publish(message.room, data);
    else join(room = message.join, socket);
  };
  socket.onclose = () => rooms.get(room)?.delete(socket);
  return response;
});

async function join(room: string, socket: WebSocket): Promise<void> {
  const others = rooms.get(room);
  if (others) others.add(socket);
  else {
    rooms.set(room, new Set([socket]));
    await subscriber?.subscribe(room, (data) => deliver(room, data));
  }
  socket.send('{"joined":true}');
}

function publish(room: string, data: string): void {
  if (publisher) publisher.publish(room, data);
  else deliver(room, data);
}

function deliver(room: string, data: string): void {
  for (const socket of rooms.get(room) ?? []) if (socket.readyState === WebSocket.OPEN) socket.send(data);
}
