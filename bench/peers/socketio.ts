/**
 * The same as `ws.ts` on socket.io, run by Node: its Redis adapter between nodes when REDIS_URL is set, its connection state
 * recovery when RECOVERY_MS is, which keeps what a client missed in memory for that long. Prints its port.
 */
import { createServer } from "node:http";
import process from "node:process";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const url = process.env.REDIS_URL;
const recoveryMs = Number(process.env.RECOVERY_MS ?? 0);
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  ...(url && { adapter: createAdapter(await createClient({ url }).connect(), await createClient({ url }).connect()) }),
  ...(recoveryMs > 0 && { connectionStateRecovery: { maxDisconnectionDuration: recoveryMs } }),
});
io.on("connection", (socket) => {
  socket.on("join", (room) => {
    socket.join(room);
    socket.emit("joined");
  });
  socket.on("message", (room, text) => io.to(room).emit("message", text));
});
http.listen(0, "127.0.0.1", () => process.stdout.write(`${(http.address() as { port: number }).port}\n`));
