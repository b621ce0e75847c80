/** A party's life by its rules alone: what every call must answer, worked out without the service. */

/** How far a person has come. */
export interface Place {
  status: "pending" | "accepted" | "rejected" | "left" | "removed";
  attended: boolean | null;
  hasCheckedIn: boolean;
  isPenalised: boolean;
  hasLine: boolean;
}

/** The party as the rules have it. People are numbers; the leader, who is always in, is none of them. */
export interface Model {
  status: "open" | "confirmed" | "done" | "cancelled";
  hasStarted: boolean;
  isSettled: boolean;
  capacity: number;
  autoAccept: boolean;
  places: Map<number, Place>;
  tries: Map<number, number>;
}

/** A party just opened. */
export function newModel({ capacity, autoAccept }: Pick<Model, "capacity" | "autoAccept">): Model {
  const rest = { hasStarted: false, isSettled: false, places: new Map(), tries: new Map() };
  return { status: "open", capacity, autoAccept, ...rest };
}

/** Accepted people, the leader included. */
export function memberCount({ places }: Model): number {
  return 1 + [...places.values()].filter(({ status }) => status === "accepted").length;
}

/** The codes of the answers to come: a status, and a problem's code where one tells more. */
type Answer = string;

/** What each call must answer; it changes the model accordingly. */
export const RULES = {
  join(model: Model, person: number): Answer {
    const status = model.places.get(person)?.status;
    if (status === "pending" || status === "accepted") return "409 already-member";
    if (status === "rejected" || status === "removed") return "409 join-refused";
    if (model.status === "done" || model.status === "cancelled") return "409 party-closed";
    if (memberCount(model) >= model.capacity) return "409 party-full";
    if (model.status === "confirmed" || model.hasStarted) return "409 party-closed";
    const before = model.places.get(person);
    model.places.set(person, {
      status: "pending",
      attended: null,
      hasCheckedIn: false,
      isPenalised: before?.isPenalised ?? false,
      hasLine: false,
    });
    if (model.autoAccept) accept(model, person);
    return "201";
  },
  decide(model: Model, person: number, to: "accepted" | "rejected" | "removed"): Answer {
    const place = model.places.get(person);
    if (!place) return "404 not-found";
    if (place.status === to) return "200";
    if (model.status !== "open" || place.status !== (to === "removed" ? "accepted" : "pending")) {
      return "409 party-state";
    }
    if (to === "accepted") accept(model, person);
    else place.status = to;
    return "200";
  },
  leave(model: Model, person: number, isLate: boolean): Answer {
    const place = model.places.get(person);
    if (place?.status === "pending") return left(place);
    if (place?.status !== "accepted") return "404 not-found";
    const mayLeaveLate = isLate && model.status === "confirmed" && !model.hasStarted;
    return model.status === "open" || mayLeaveLate ? left(place) : "409 party-state";
  },
  confirm(model: Model): Answer {
    if (model.status !== "open") return "409 party-state";
    close(model);
    return "200";
  },
  cancel(model: Model): Answer {
    if (model.status !== "open" && model.status !== "confirmed") return "409 party-state";
    model.status = "cancelled";
    return "200";
  },
  complete(model: Model): Answer {
    if (model.status !== "confirmed") return "409 party-state";
    if (!model.hasStarted) return "409 party-not-started";
    model.status = "done";
    return "200";
  },
  attend(model: Model, person: number, attended: boolean): Answer {
    if (model.status !== "confirmed" && model.status !== "done") return "409 party-state";
    if (!model.hasStarted) return "409 party-not-started";
    const place = model.places.get(person);
    if (place?.status !== "accepted") return "404 not-found";
    if (place.hasCheckedIn && !attended) return "409 checked-in";
    place.attended = attended;
    return "200";
  },
  checkIn(model: Model, person: number): Answer {
    const tries = (model.tries.get(person) ?? 0) + 1;
    model.tries.set(person, tries);
    if (tries > 5) return "429 rate-limited";
    const place = model.places.get(person);
    if (place?.status !== "accepted") return "404 not-found";
    if (place.isPenalised || (model.status !== "confirmed" && model.status !== "done")) return "409 party-state";
    if (!model.hasStarted) return "409 party-not-started";
    Object.assign(place, { attended: true, hasCheckedIn: true });
    return "200";
  },
  penalise(model: Model, person: number): Answer {
    if (!model.hasStarted) return "409 party-not-started";
    if (model.status !== "done") return "409 party-state";
    const place = model.places.get(person);
    if (place?.status !== "accepted" || place.attended === true) return "409 not-penalisable";
    Object.assign(place, { attended: false, isPenalised: true });
    return "201";
  },
  report(model: Model, person: number): Answer {
    const place = model.places.get(person);
    if (place?.status !== "accepted") return "404 not-found";
    const hasCode = [...model.places.values()].some(({ hasCheckedIn }) => hasCheckedIn);
    if (place.isPenalised || hasCode || (model.status !== "confirmed" && model.status !== "done")) {
      return "409 party-state";
    }
    return model.hasStarted ? "201" : "409 party-not-started";
  },
  settle(model: Model): Answer {
    if (model.status !== "done") return "409 party-state";
    model.isSettled = true;
    for (const place of model.places.values()) {
      if (place.status === "accepted" && place.attended !== false) place.hasLine = true;
    }
    return "200";
  },
  pay(model: Model, person: number): Answer {
    return model.places.get(person)?.hasLine ? "200" : "404 not-found";
  },
};

function accept(model: Model, person: number): void {
  model.places.get(person)!.status = "accepted";
  if (memberCount(model) === model.capacity) close(model);
}

function close(model: Model): void {
  model.status = "confirmed";
  for (const place of model.places.values()) if (place.status === "pending") place.status = "rejected";
}

function left(place: Place): Answer {
  place.status = "left";
  return "204";
}
