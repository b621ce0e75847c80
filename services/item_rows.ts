/** From MAFRA's code book to items. */
import { hashOf, type Judged, plainText } from "./ingest_rows.ts";
import type { SourceItem } from "./ports.ts";
import { initialsOf, searchTextOf } from "./search_text.ts";

/** An item as the catalogue keeps it; the names are those of the table's columns. */
export interface ItemRow {
  category: string;
  name: string;
  /** "" for the item as a whole. */
  variety: string;
  search_text: string;
  initials: string;
  rank: number;
  row_hash: string;
}

/**
 * Judges a row of the code book. The key is the whole code, six digits long as a rule: a small code alone is not unique, and
 * one real row has none.
 */
export function judgeItem({ large, mid, small, inUse, ...told }: SourceItem): Judged<ItemRow> {
  const key = large && mid ? plainText(`${large}${mid}${small}`, 100) : null;
  if (key === null) return { key, reason: "no code" };
  if (!inUse) return { key, outOfUse: true };
  const category = plainText(told.category, 100),
    name = plainText(told.name, 100),
    named = plainText(told.variety, 100);
  if (category === null || name === null || named === null) return { key, reason: "no name" };
  // 00 stands for the item as a whole, and mostly repeats its name.
  const variety = small === "00" && named === name ? "" : named;
  return { key, row: itemRow({ category, name, variety, rank: rankOf(large, name, variety) }) };
}

/** Completes an item with what searches need. */
export function itemRow(item: Pick<ItemRow, "category" | "name" | "variety" | "rank">): ItemRow {
  const search_text = searchTextOf(item.name, item.variety, item.category);
  const row = { ...item, search_text, initials: initialsOf(`${item.name} ${item.variety}`) };
  return { ...row, row_hash: hashOf(row) };
}

/**
 * What most people buy comes first: 0 an everyday item as a whole, 1 its varieties, 2 other food of the daily market,
 * 3 food that few buy, 4 what is not food (seeds, flowers, timber, livestock, feed).
 */
function rankOf(large: string, name: string, variety: string): number {
  if (!DAILY.has(large)) return FOOD.has(large) ? 3 : 4;
  if (EVERYDAY.has(variety ? `${name}/${variety}` : name)) return 0;
  return EVERYDAY.has(name) ? 1 : 2;
}

const codes = (text: string) => new Set(text.trim().split(/\s+/));

/** Categories of the daily market: grain, roots, fruit, vegetables, mushrooms, meat, milk, eggs, fresh fish, dried and made food. */
const DAILY = codes("01 03 05 06 07 08 09 10 11 12 13 14 17 43 44 46 47 71 72 73 74 75 76 89 91 92 93");

/** Other food: cereals, oil seeds, ginseng and herbs, live and frozen fish. */
const FOOD = codes("02 04 16 18 19 45 61 62 63 64 65 66 67 77 78 81 82 83 84 85 86 87");

/** Items, and varieties (item/variety) that people ask for by that name. */
const EVERYDAY = codes(`
  쌀 찹쌀 현미 현미/현미(일반) 콩 팥 녹두 감자 고구마
  사과 배 포도 복숭아 단감 곶감 자두 참다래(키위) 바나나 파인애플 감귤 레몬 오렌지 자몽 매실 체리 블루베리 망고 아보카도
  블루베리/블루베리(일반) 밤 대추 잣 호두 수박 참외 토마토 딸기 메론 방울토마토 오이 호박 가지
  배추 양배추 상추 열무 시금치 미나리 부추 깻잎 콩나물 숙주나물 청경채 쑥갓 무 알타리무 당근 우엉 연근
  양파 대파 쪽파 풋고추 꽈리고추 건고추 홍고추 마늘 생강 양상추 피망(단고추) 브로코리(녹색꽃양배추) 파프리카
  고사리 도라지 더덕 취나물 느타리버섯 양송이 표고버섯 팽이버섯 새송이
  한우 한우/안심 한우/등심 한우/채끝 한우/갈비 한우/사태 돈육 돈육/안심 돈육/등심 돈육/목삼겹 돈육/삼겹살 돈육/앞다리
  돈육/뒷다리 돈육/갈비 돈육/항정살 닭고기 쇠고기 쇠고기/등심 쇠고기/갈비
  살균시유 발효유 버터 치즈 분유 조란 조란/계란 조란/특란 조란/대란 조란/왕란 꿀벌 꿀벌/양봉꿀 꿀벌/아카시아꿀
  갈치 갈치/은갈치 갈치/먹갈치 고등어 고등어/점고등어 고등어/고등어(수입) 꽁치 꽁치/꽁치 삼치 삼치/평삼치 조기 조기/참조기
  가자미 가자미/참가자미 명태 명태/북어 대구 아귀 아귀/황아귀 연어 연어/연어(수입) 굴 굴/깐굴 바지락 바지락/깐바지락
  전복 전복/참전복 홍합 홍합/진주담치 가리비 가리비/큰가리비 게 게/수꽃게 게/대게 새우 새우/대하 새우/흰다리새우
  오징어 오징어/살오징어 오징어/오징어 낙지 낙지/낙지 문어 문어/참문어 김 김/돌김 김/일반김 김/도시락용김 미역 다시마
  멸치 멸치/대멸치 멸치/중멸치 멸치/소멸치 절임식품/포기김치 유지/콩기름 유지/해바라기씨유 곡물제조/쌀국수
  곡물제조/고구마당면 조미제품/간장 조미제품/전통고추장 차/녹차 기타식품/볶은커피 기타식품/식초(일반) 기타식품/누룽지
  젓갈/새우젓 통조림/참치`);
