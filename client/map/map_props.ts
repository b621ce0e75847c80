/** What maps are told. */

/** A place in WGS84 degrees. */
export interface Point {
  lat: number;
  lng: number;
}

/** A place on the map that can be named, and led to. */
export interface Marker extends Point {
  id: string;
  label: string;
  href?: string;
}

/** What a map shows. */
export interface MapProps {
  /** What the map is of, for who cannot see it. */
  label: string;
  center: Point;
  markers: Marker[];
  /** A circle around the centre, in metres: the map is as large as it. */
  radiusM?: number | undefined;
  /** Where given, a tap or the middle after a drag chooses a place. */
  onPick?: ((point: Point) => void) | undefined;
}
