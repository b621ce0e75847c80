/** Sends HTTP requests over connections that are kept, each the next one when the last is answered. */
import { Agent, request } from "node:http";
import process from "node:process";
import { openLatencies, readPlan, report } from "./process.ts";

/** One request. */
export interface PlannedRequest {
  port: number;
  method: "GET" | "POST";
  path: string;
  token: string;
  body?: string;
}

/** What is to be done: all of them once, or again and again for `ms`. */
export interface RequestsPlan {
  connections: number;
  requests: PlannedRequest[];
  ms?: number;
}

/** What came of it: how many answers there were of each status, and how long it took. */
export interface RequestsResult {
  perS: number;
  ms: number;
  p50: number;
  p99: number;
  statuses: Record<string, number>;
}

const { connections, requests, ms } = await readPlan<RequestsPlan>();
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const statuses: Record<string, number> = {};
const latencies = openLatencies();
let sent = 0;

function send({ port, method, path, token, body }: PlannedRequest): Promise<void> {
  const begun = performance.now();
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: "127.0.0.1", port, method, path, headers }, (answer) => {
      answer.resume().on("end", () => {
        latencies.add(performance.now() - begun);
        statuses[answer.statusCode!] = (statuses[answer.statusCode!] ?? 0) + 1;
        resolve();
      });
    });
    asked.on("error", reject).end(body);
  });
}

const begun = performance.now();
await Promise.all(Array.from({ length: connections }, async () => {
  while (ms === undefined ? sent < requests.length : performance.now() - begun < ms) {
    await send(requests[sent++ % requests.length]!);
  }
}));
const took = performance.now() - begun;
await report({ perS: sent / took * 1_000, ms: took, p50: latencies.at(0.5), p99: latencies.at(0.99), statuses });
process.exit(0);
