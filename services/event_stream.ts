/** The body of a server-sent event stream: frames go in while there is room, and it knows when its reader is gone. */

/** Bytes that wait for a reader before there is no more room. */
export const BUFFERED_BYTES_MAX = 64 * 1024;

/** One open body. */
export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when it is over, whoever ended it. */
  readonly over: Promise<void>;
  /** Whether it is open and less than {@link BUFFERED_BYTES_MAX} waits. Without room, send nothing but a goodbye. */
  hasRoom(): boolean;
  send(frame: string): void;
  /** Ends it once the reader has what was sent. */
  end(): void;
  /** Ends it now. What was sent and not read is lost. */
  abort(): void;
}

/** Opens a body. `onRoom` is called after each read that leaves room. */
export function openEventStream(onRoom: () => void): EventStream {
  const { promise: over, resolve: settle } = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isEnding = false, isOver = false;

  function finish(how: () => void): void {
    if (isOver) return;
    isOver = true;
    how();
    settle();
  }
  function closeWhenRead(): void {
    if (isEnding && controller.desiredSize === BUFFERED_BYTES_MAX) finish(() => controller.close());
  }
  const body = new ReadableStream<Uint8Array>({
    start: (its) => void (controller = its),
    pull() {
      closeWhenRead();
      if (!isEnding) onRoom();
    },
    cancel: () => finish(() => {}),
  }, new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES_MAX }));
  return {
    body,
    over,
    hasRoom: () => !isOver && !isEnding && (controller.desiredSize ?? 0) > 0,
    send: (frame) => isOver || isEnding ? undefined : controller.enqueue(encoder.encode(frame)),
    end() {
      isEnding = true;
      if (!isOver) closeWhenRead();
    },
    abort: () => finish(() => controller.error(new Error("stream given up"))),
  };
}

/** One event. JSON has no line breaks, so that one `data` line holds it. */
export function eventFrame(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
