/** Kakao Local's stand-in over HTTP: two searches in its shapes, with every way in which it may fail. */

/** The key that it takes. */
export const KAKAO_KEY = "stand-in-key-0123456789";

/** How it answers instead. */
export type KakaoFault =
  | "silent"
  | "endless"
  | "html"
  | "cut"
  | "other shape"
  | "no numbers"
  | "swapped"
  | "redirect"
  | { status: number; retryAfter?: string };

/** A running one. */
export interface KakaoServer extends AsyncDisposable {
  url: string;
  /** What it was asked, in order: `address 세종대로 110`. */
  asked: string[];
  fault: KakaoFault | null;
  /** Every request with a header that it would not take. */
  keyless: number;
  /** What the searches find, by query. */
  addresses: Map<string, unknown[]>;
  keywords: Map<string, unknown[]>;
}

/** Starts one that knows City Hall by its address, and a market by its name. */
export function openKakaoServer(): KakaoServer {
  const over = Promise.withResolvers<void>();
  const state: Omit<KakaoServer, "url" | typeof Symbol.asyncDispose> = {
    asked: [],
    fault: null,
    keyless: 0,
    addresses: new Map([["세종대로 110", [CITY_HALL_FOUND]]]),
    keywords: new Map([["광장시장", [GWANGJANG_FOUND]]]),
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const url = new URL(request.url), kind = /\/v2\/local\/search\/(address|keyword)\.json$/.exec(url.pathname)?.[1];
    const q = url.searchParams.get("query") ?? "";
    state.asked.push(`${kind} ${q}`);
    if (state.fault !== null) return await misbehave(state.fault, over.promise);
    if (request.headers.get("authorization") !== `KakaoAK ${KAKAO_KEY}`) {
      state.keyless++;
      return Response.json({ errorType: "AccessDeniedError", message: "cannot find appkey" }, { status: 401 });
    }
    const found = (kind === "address" ? state.addresses : state.keywords).get(q) ?? [];
    const documents = found.slice(0, Number(url.searchParams.get("size") ?? 10));
    return Response.json({
      meta: { total_count: found.length, pageable_count: found.length, is_end: true },
      documents,
    });
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      over.resolve();
      await server.shutdown();
    },
  });
}

async function misbehave(fault: KakaoFault, over: Promise<void>): Promise<Response> {
  if (typeof fault === "object") {
    const headers = fault.retryAfter === undefined ? undefined : { "retry-after": fault.retryAfter };
    return Response.json({ errorType: "Refused", message: "no" }, { status: fault.status, headers });
  }
  const json = { "content-type": "application/json" };
  if (fault === "silent") await over;
  if (fault === "endless") return new Response(endlessSpaces(), { headers: json });
  if (fault === "cut") return new Response('{"documents":[{"x":"126.97', { headers: json });
  if (fault === "other shape") return Response.json({ documents: [{ lat: 37.5, lng: 126.9 }] });
  if (fault === "no numbers") return Response.json({ documents: [{ ...CITY_HALL_FOUND, y: "" }] });
  if (fault === "swapped") {
    return Response.json({ documents: [{ ...CITY_HALL_FOUND, x: CITY_HALL_FOUND.y, y: CITY_HALL_FOUND.x }] });
  }
  if (fault === "redirect") return new Response(null, { status: 302, headers: { location: "/elsewhere" } });
  return new Response("<html><body>점검 중입니다</body></html>", { headers: { "content-type": "text/html" } });
}

function endlessSpaces(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)) });
}

/** Of an address search: coordinates are strings, and names of provinces are short. */
export const CITY_HALL_FOUND = {
  address_name: "서울 중구 세종대로 110",
  address_type: "ROAD_ADDR",
  x: "126.977829174031",
  y: "37.5663174209601",
  address: {
    address_name: "서울 중구 태평로1가 31",
    region_1depth_name: "서울",
    region_2depth_name: "중구",
    region_3depth_name: "태평로1가",
    region_3depth_h_name: "명동",
    h_code: "1114055000",
    b_code: "1114010300",
    mountain_yn: "N",
    main_address_no: "31",
    sub_address_no: "",
    x: "126.977829174031",
    y: "37.5663174209601",
  },
  road_address: {
    address_name: "서울 중구 세종대로 110",
    region_1depth_name: "서울",
    region_2depth_name: "중구",
    region_3depth_name: "태평로1가",
    road_name: "세종대로",
    underground_yn: "N",
    main_building_no: "110",
    sub_building_no: "",
    building_name: "서울특별시청",
    zone_no: "04524",
    x: "126.977829174031",
    y: "37.5663174209601",
  },
};

/** Of a keyword search: no code of its region. */
const GWANGJANG_FOUND = {
  id: "8105937",
  place_name: "광장시장",
  category_name: "가정,생활 > 시장",
  category_group_code: "",
  category_group_name: "",
  phone: "",
  address_name: "서울 종로구 예지동 6-1",
  road_address_name: "서울 종로구 창경궁로 88",
  x: "126.999648",
  y: "37.570086",
  place_url: "http://place.example/8105937",
  distance: "",
};
