/**
 * A bare chat on `ws`, run by Node: a client joins one room, what it says there goes to everybody in it, through Redis when
 * REDIS_URL is set. Stores nothing, knows nobody. Prints its port.
 */
import type { Buffer } from "node:buffer";
import process from "node:process";
import { createClient } from "redis";
import { type WebSocket, WebSocketServer } from "ws";

const rooms = new Map<string, Set<WebSocket>>();
const url = process.env.REDIS_URL;
const publisher = url ? await createClient({ url }).connect() : null;
const subscriber = url ? await createClient({ url }).connect() : null;

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, clientTracking: false });
server.on("listening", () => process.stdout.write(`${(server.address() as { port: number }).port}\n`));
server.on("connection", (socket: WebSocket) => {
  let room = "";
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString());
    if (message.room) publish(message.room, data);
    else join(room = message.join, socket);
  });
  socket.on("close", () => rooms.get(room)?.delete(socket));
  socket.on("error", () => {});
});

async function join(room: string, socket: WebSocket): Promise<void> {
  const others = rooms.get(room);
  if (others) others.add(socket);
  else {
    rooms.set(room, new Set([socket]));
    await subscriber?.subscribe(room, (data) => deliver(room, data), true);
  }
  socket.send('{"joined":true}');
}

function publish(room: string, data: Buffer): void {
  if (publisher) publisher.publish(room, data);
  else deliver(room, data);
}

function deliver(room: string, data: Buffer): void {
  for (const socket of rooms.get(room) ?? []) socket.send(data, { binary: false });
}
