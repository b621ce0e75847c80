/** A box to search by typing. */
import { useEffect, useId, useRef, useState } from "preact/hooks";

const PAUSE_MS = 250;

/** Tells `onSearch` the words, trimmed, once the typing pauses. `value` is what is searched for now. */
export function SearchBox({ label, placeholder, value, onSearch }: {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (words: string) => void;
}) {
  const id = useId();
  const [text, setText] = useState(value);
  const told = useRef(value);
  const newest = useRef(onSearch);
  newest.current = onSearch;
  const tell = (words: string) => {
    if (words === told.current) return;
    told.current = words;
    newest.current(words);
  };
  useEffect(() => {
    const timer = setTimeout(tell, PAUSE_MS, text.trim());
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => {
    // Not what was told from here, while the typing went on, but another address.
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  return (
    <form
      role="search"
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        tell(text.trim());
      }}
    >
      <label for={id} class="visually-hidden">{label}</label>
      <input
        id={id}
        type="search"
        value={text}
        placeholder={placeholder}
        maxLength={50}
        autocomplete="off"
        enterkeyhint="search"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </form>
  );
}
