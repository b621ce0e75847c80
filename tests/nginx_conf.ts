/** Reads an nginx configuration, as far as its grammar goes: directives, their arguments, their blocks. */

/** One directive. `block` only when it has one. */
export interface Directive {
  name: string;
  args: string[];
  block?: Directive[];
}

/** Parses a whole file. Throws for braces or semicolons that are missing or too many. */
export function parseNginx(source: string): Directive[] {
  const tokens = source.match(/#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]|(?:\$\{\w+\}|[^\s{};"'])+/g) ?? [];
  const rest = tokens.filter((token) => !token.startsWith("#"));
  const directives = readBlock(rest);
  if (rest.length > 0) throw new Error(`nginx: a } too many before ${rest.slice(1, 4).join(" ")}`);
  return directives;
}

function readBlock(tokens: string[]): Directive[] {
  const directives: Directive[] = [];
  let words: string[] = [];
  while (tokens.length > 0 && tokens[0] !== "}") {
    const token = tokens.shift()!;
    if (token !== ";" && token !== "{") {
      words.push(token.replace(/^(["'])(.*)\1$/s, "$2"));
      continue;
    }
    const [name = "", ...args] = words;
    words = [];
    if (token === ";") directives.push({ name, args });
    else {
      directives.push({ name, args, block: readBlock(tokens) });
      if (tokens.shift() !== "}") throw new Error(`nginx: the block of ${name} does not end`);
    }
  }
  if (words.length > 0) throw new Error(`nginx: no semicolon after ${words.join(" ")}`);
  return directives;
}

/** The arguments of every directive of a name, in this block alone. */
export function argsOf(block: Directive[], name: string): string[][] {
  return block.filter((each) => each.name === name).map(({ args }) => args);
}

/** The block of the first directive of a name and, when given, first arguments. Empty when there is none. */
export function blockOf(block: Directive[], name: string, ...args: string[]): Directive[] {
  const found = block.find((each) => each.name === name && args.every((arg, i) => each.args[i] === arg));
  return found?.block ?? [];
}
