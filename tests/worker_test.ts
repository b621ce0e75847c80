/** `main.ts worker`: a process of its own beside the nodes, with probes and an orderly stop. */
import assert from "node:assert/strict";
import { call, createDatabase, environmentOf } from "./harness.ts";
import { startNode } from "./node_process.ts";

Deno.test("a worker answers its probes, and stops in order within 10 s, even when a peer takes nothing of its answers", async () => {
  await using database = await createDatabase();
  const namespace = `test-${crypto.randomUUID().slice(-12)}`;
  await using worker = await startNode(environmentOf({ database, namespace }), "worker");
  for (const path of ["/healthz", "/readyz"]) assert.equal((await call(worker.url + path, "GET")).status, 200);
  const figures = await (await fetch(`${worker.url}/metrics`)).text();
  assert.match(figures, /^moajang_events_waiting 0$/m);

  const { hostname, port } = new URL(worker.url);
  using peer = await Deno.connect({ hostname, port: Number(port) });
  await fillUp(peer, new TextEncoder().encode("GET /healthz HTTP/1.1\r\nhost: worker\r\n\r\n".repeat(1_000)));
  const asked = performance.now();
  assert.equal(await worker.stop(), 0);
  assert.ok(performance.now() - asked < 10_000, `${performance.now() - asked} ms`);
});

/** Asks until the other side takes no more, as it cannot get rid of its answers. */
async function fillUp(peer: Deno.Conn, questions: Uint8Array): Promise<void> {
  let sentAt = performance.now();
  const sending = (async () => {
    while (true) {
      for (let sent = 0; sent < questions.length;) sent += await peer.write(questions.subarray(sent));
      sentAt = performance.now();
    }
  })();
  // Ends with the connection.
  sending.catch(() => {});
  while (performance.now() - sentAt < 500) await new Promise((resolve) => setTimeout(resolve, 50));
}
