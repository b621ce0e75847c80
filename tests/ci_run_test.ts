/** `.ci/run` counts what the test runs say and fails whenever one of its steps does, shown with a stand-in for `deno`. */
import assert from "node:assert/strict";

const SCRIPT = new URL("../.ci/run", import.meta.url);
const ALL_WELL = {
  "task test": "ok | 7 passed (2 steps) | 0 failed | 3 ignored (2s)",
  "task test:services": "\u001b[0m\nok | 10 passed | 0 failed (4s)",
};

/** What the stand-in prints for a command; it ends with 1 when that says FAILED or crash. */
type Said = Record<string, string>;

async function runCi(
  said: Said,
  { ci = false, shared = true } = {},
): Promise<{ code: number; last: string; all: string }> {
  const box = await Deno.makeTempDir();
  try {
    for (const each of ["project/.ci", "bin", "said", ...(shared ? ["shared"] : [])]) {
      await Deno.mkdir(`${box}/${each}`, { recursive: true });
    }
    await Deno.copyFile(SCRIPT, `${box}/project/.ci/run`);
    for (const [command, text] of Object.entries(said)) await Deno.writeTextFile(`${box}/said/${command}`, text + "\n");
    const standIn = `#!/bin/sh
[ "$*" = --version ] && echo 'deno 2.9.6 (stable)' && exit
cat "${box}/said/$*" 2>/dev/null || exit 0
! grep -qE 'FAILED|crash' "${box}/said/$*"
`;
    await Deno.writeTextFile(`${box}/bin/deno`, standIn, { mode: 0o755 });
    const { code, stdout } = await new Deno.Command("bash", {
      args: [`${box}/project/.ci/run`],
      env: { PATH: `${box}/bin:${Deno.env.get("PATH")}`, CI: ci ? "true" : "" },
      stderr: "null",
    }).output();
    const all = new TextDecoder().decode(stdout);
    return { code, last: all.trimEnd().split("\n").at(-1)!, all };
  } finally {
    await Deno.remove(box, { recursive: true });
  }
}

Deno.test(".ci/run sums both runs up and ends with 0 when all is well", async () => {
  const { code, last } = await runCi(ALL_WELL, { ci: true });
  assert.deepEqual([code, last], [0, "17 passed, 0 failed"]);
});

const FAULTS: [string, Said, { ci?: boolean; shared?: boolean }, string, RegExp][] = [
  ["a test fails", { "task test": "FAILED | 6 passed | 1 failed (2s)" }, {}, "16 passed, 1 failed", /6 passed/],
  [
    "a run crashes",
    { "task test:services": "crash" },
    {},
    "7 passed, 1 failed",
    /on real servers: ended with 1 after 0/,
  ],
  ["a run ends well without a test", { "task test": "" }, {}, "10 passed, 1 failed", /embedded: ended with 0 after 0/],
  ["formatting is off", { "fmt --check": "crash" }, {}, "17 passed, 1 failed", /deno fmt mends it/],
  ["lint complains", { lint: "crash" }, {}, "17 passed, 1 failed", /lint: see above/],
  ["types are wrong", { "task check": "crash" }, {}, "17 passed, 1 failed", /types: see above/],
  ["the public data is missing in CI", {}, { ci: true, shared: false }, "17 passed, 1 failed", /shared is missing/],
  [
    "a test was skipped on real servers in CI",
    { "task test:services": "ok | 9 passed | 0 failed | 1 ignored (4s)" },
    { ci: true },
    "16 passed, 1 failed",
    /1 tests were skipped/,
  ],
];

for (const [fault, said, options, expected, message] of FAULTS) {
  Deno.test(`.ci/run fails when ${fault}, and says so`, async () => {
    const { code, last, all } = await runCi({ ...ALL_WELL, ...said }, options);
    assert.deepEqual([code, last], [1, expected]);
    assert.match(all, message);
  });
}
