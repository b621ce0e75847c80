/** Kakao Local: addresses first, then places by name. Its terms allow no storing: what it answers is kept nowhere here. */
import { z } from "zod";
import { Lat, Lng } from "../contract/common.ts";
import { Problem } from "../contract/problems.ts";
import { ADDRESSES_MAX, type FoundAddress, type Geocoder } from "../services/ports.ts";
import { askProvider, type Limits } from "./public_data_http.ts";

/** The geocoder at `url`, asked with a REST API key. Nothing is asked before the first search. */
export function kakaoGeocoder(
  { url, key, limits = { timeoutMs: 3_000, bodyBytesMax: 512 * 1024 } }: { url: string; key: string; limits?: Limits },
): Geocoder {
  const headers = { authorization: `KakaoAK ${key}` };
  const never = new AbortController().signal;

  async function search<Found>(kind: "address" | "keyword", q: string, shape: z.ZodType<Found>): Promise<Found> {
    const query = new URLSearchParams({ query: q, size: String(ADDRESSES_MAX) });
    const answer = await askProvider(`${url}/v2/local/search/${kind}.json?${query}`, limits, never, headers);
    if (answer.kind === "later") throw unavailable(answer.reason, answer.afterMs);
    if (answer.kind === "refused") throw unavailable(answer.reason, RETRY_MS_MAX);
    return readBody(answer.text, shape);
  }

  return {
    async find(q) {
      const byAddress = await search("address", q, Addresses);
      const found = byAddress.length > 0 ? byAddress : await search("keyword", q, Places);
      return found.slice(0, ADDRESSES_MAX);
    },
  };
}

function readBody<Found>(text: string, shape: z.ZodType<Found>): Found {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw unavailable("the answer is not whole JSON");
  }
  const parsed = shape.safeParse(body);
  // What zod would say quotes the answer, and that is where somebody lives.
  if (!parsed.success) throw unavailable("the answer has an unknown shape");
  return parsed.data;
}

/** x is the longitude, y the latitude, both as strings. */
const point = { x: z.string().transform(Number).pipe(Lng), y: z.string().transform(Number).pipe(Lat) };

const Named = z.object({ address_name: z.string() });

const Addresses = z.object({
  documents: z.array(z.object({
    ...point,
    address_name: z.string().min(1),
    address: Named.extend({ b_code: z.string().catch("") }).nullable(),
    road_address: Named.nullable(),
  })),
}).transform(({ documents }) =>
  documents.map(({ x, y, address_name, address, road_address }): FoundAddress => ({
    roadAddress: road_address?.address_name || address_name,
    jibunAddress: address?.address_name ?? "",
    lat: y,
    lng: x,
    divisionCode: /^\d{10}$/.test(address?.b_code ?? "") ? address!.b_code.slice(0, 5) : null,
  }))
);

const Places = z.object({
  documents: z.array(z.object({ ...point, address_name: z.string().min(1), road_address_name: z.string() })),
}).transform(({ documents }) =>
  documents.map(({ x, y, address_name, road_address_name }): FoundAddress => ({
    roadAddress: road_address_name || address_name,
    jibunAddress: address_name,
    lat: y,
    lng: x,
    divisionCode: null,
  }))
);

const RETRY_MS = 2_000, RETRY_MS_MAX = 60_000;

function unavailable(reason: string, afterMs = RETRY_MS): Problem {
  const retryAfterS = Math.ceil(Math.min(Math.max(afterMs, 1_000), RETRY_MS_MAX) / 1_000);
  return new Problem("unavailable", "Cannot look the address up now: the geocoder does not answer", {
    retryAfterS,
    cause: new Error(`Kakao Local: ${reason}`),
  });
}
