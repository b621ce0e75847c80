/** Choosing one of many by a search. */
import { Check as CheckMark } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Failed, Loading, useAsked } from "../ask.tsx";
import { Field } from "../ui/form.tsx";
import { t } from "../words.ts";

/** How one of them is shown. */
export interface Choice {
  name: string;
  detail: string;
}

/** Where to search, and how to show what is found. */
interface Source<Answer, Each> {
  label: string;
  name: string;
  isWrong: boolean;
  hint?: string;
  /** Where to look for these words; `null`: nowhere yet. */
  pathOf: (words: string) => string | null;
  listOf: (answer: Answer) => Each[];
  say: (each: Each) => Choice;
  /** What to say where nothing is found. */
  none?: string;
}

/** A search field with what it finds; once one is chosen, that alone, until it is to be changed. */
export function Picker<Answer, Each>({ chosen, onChoose, ...source }: Source<Answer, Each> & {
  chosen: Each | null;
  onChoose: (each: Each | null) => void;
}) {
  const root = useRef<HTMLDivElement>(null);
  const choose = (each: Each | null) => {
    onChoose(each);
    // The button that had the focus is gone.
    setTimeout(() => root.current?.querySelector<HTMLElement>("[data-next]")?.focus());
  };
  return (
    <div class="field" ref={root}>
      {chosen
        ? (
          <Chosen
            label={source.label}
            choice={source.say(chosen)}
            isWrong={source.isWrong}
            onChange={() => choose(null)}
          />
        )
        : <Search {...source} onChoose={choose} />}
    </div>
  );
}

function Chosen({ label, choice, isWrong, onChange }: {
  label: string;
  choice: Choice;
  isWrong: boolean;
  onChange: () => void;
}) {
  return (
    <>
      <span class="legend">{label}</span>
      <div class="card row">
        <span>
          <CheckMark class="picked" aria-hidden="true" /> <strong>{choice.name}</strong>{" "}
          <span class="quiet">{choice.detail}</span>
        </span>
        <button type="button" class="button small" data-next onClick={onChange}>
          {t("바꾸기", "Change")}
          <span class="visually-hidden">: {label}</span>
        </button>
      </div>
      {isWrong && <p class="field-error">{t("다른 것을 골라 주세요", "Please choose another")}</p>}
    </>
  );
}

const PAUSE_MS = 250;

function Search<Answer, Each>(
  { label, name, isWrong, hint, pathOf, listOf, say, onChoose, none }: Source<Answer, Each> & {
    onChoose: (each: Each) => void;
  },
) {
  const [words, setWords] = useState(""), path = pathOf(usePaused(words.trim()));
  const { data, refusal, reload } = useAsked<Answer>(path);
  const last = useRef<Answer>();
  if (data !== undefined) last.current = data;
  const list = path && last.current !== undefined ? listOf(last.current) : [];
  return (
    <>
      <Field
        label={label}
        name={name}
        type="search"
        autocomplete="off"
        maxlength={50}
        value={words}
        isWrong={isWrong}
        hint={hint}
        data-next
        onInput={({ currentTarget }) => setWords(currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
      />
      {refusal && <Failed refusal={refusal} retry={reload} isSmall />}
      {path && !refusal && last.current === undefined && <Loading />}
      <p class="hint" role="status">
        {data !== undefined && list.length === 0 && (none ?? t("찾은 것이 없어요", "Nothing found"))}
      </p>
      <ul class="list" aria-label={t("찾은 결과", "Found")}>
        {list.map((each, i) => (
          <li key={i}>
            <button type="button" class="card picker-choice" onClick={() => onChoose(each)}>
              <strong>{say(each).name}</strong> <span class="quiet">{say(each).detail}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The words once nothing more has been typed for a moment. */
function usePaused(words: string): string {
  const [paused, setPaused] = useState(words);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(words), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return paused;
}
