/**
 * A provider of item codes for bench/ingest.ts, in a process of its own: so many rows, each page so many milliseconds late.
 * Prints its address.
 *
 *   deno run --allow-all bench/ingest_provider.ts rows latency-ms
 */
import { codeBookRow, openCodeBook } from "../tests/ingest_world.ts";

const [rows = 0, latencyMs = 0] = Deno.args.map(Number);
const book = openCodeBook(0);
book.rowAt = codeBookRow;
book.claims = rows;
book.before = () => new Promise((resolve) => setTimeout(resolve, latencyMs));
Deno.stdout.writeSync(new TextEncoder().encode(book.url + "\n"));
