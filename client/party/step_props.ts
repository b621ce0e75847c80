/** What each step of making a party is given. */
import type { Draft } from "./draft.ts";

/** The draft, how to change it, and what is wrong with it by JSON pointer. */
export interface StepProps {
  draft: Draft;
  change(some: Partial<Draft>): void;
  wrong(pointer: string): boolean;
}
