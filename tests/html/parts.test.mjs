// SPDX-License-Identifier: GPL-2.0-or-later
// parts.test.mjs - how scripts/html-page joins modules, what it refuses, and what it puts around the data.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/html-page", import.meta.url));
const TEMPLATE = `<meta content="{{policy}}"><title>{{title}}</title><style>{{style}}</style>
{{head}}{{table}}<script type="application/json">{{data}}</script><script>{{script}}</script>`;

// What it makes of these modules: {status, page, error}.
function joined(modules, { css = "a {}\n", html = TEMPLATE, data = "{}" } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "html-page-"));
  try {
    for (const [name, text] of Object.entries({ "page.css": css, "page.html": html, "data.json": data, ...modules }))
      writeFileSync(join(directory, name), text);
    const done = spawnSync(SCRIPT, [join(directory, "data.json"), directory], { encoding: "utf8" });
    return { status: done.status, page: done.stdout, error: done.stderr };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function scriptOf(page) {
  return page.match(/<script>([^]*)<\/script>/)[1];
}

function valueOf(modules) {
  const { status, page, error } = joined(modules);
  assert.equal(status, 0, error);
  const global = {};
  new Function("result", scriptOf(page))(global);
  return global.value;
}

test("a module is put once, behind those that it imports, and names of two do not meet", () => {
  const modules = {
    "page.js": 'import { twice } from "./a.js";\nimport {\n\tname as other,\n\tLIST,\n} from "./b.js";\n' +
      'const own = "page";\nresult.value = [twice("x"), other(), LIST, own];\n',
    "a.js": 'import { name } from "./b.js";\nconst own = "a";\nexport function twice(x) {\n\treturn name() + own + x;\n}\n',
    "b.js": 'result.times = (result.times || 0) + 1;\nconst own = "b";\nexport const LIST = [result.times];\n' +
      "export function name() {\n\treturn own;\n}\n",
  };
  assert.deepEqual(valueOf(modules), ["bax", "b", [1], "page"]);
});

test("the policy has the hashes of what stands between the tags", () => {
  const { page } = joined({ "page.js": "result.value = 1;\n" }, { css: "p { color: red }" });
  const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  assert.ok(page.includes(`script-src ${hash(scriptOf(page))}`));
  assert.ok(page.includes(`style-src ${hash("p { color: red }")}`));
  assert.ok(page.includes("default-src 'none'"));
});

test("data ends no script", () => {
  const { page } = joined({ "page.js": "result.value = 1;\n" }, { data: '{"a":"</script>"}\n' });
  const data = page.match(/<script type="application\/json">([^]*?)<\/script>/)[1];
  assert.equal(JSON.parse(data).a, "</script>");
});

const refused = {
  "a name that is not exported": { "page.js": 'import { b } from "./a.js";\n', "a.js": "export const a = 1;\n" },
  "a module that is not there": { "page.js": 'import { a } from "./a.js";\n' },
  "a circle": {
    "page.js": 'import { a } from "./a.js";\n', "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
    "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
  },
  "import *": { "page.js": 'import * as a from "./a.js";\n', "a.js": "export const a = 1;\n" },
  "an export list": { "page.js": 'import { a } from "./a.js";\n', "a.js": "const a = 1;\nexport { a };\n" },
  "a variable that others would not see change": {
    "page.js": 'import { a } from "./a.js";\n', "a.js": "export let a = 1;\n",
  },
  "the end of a script": { "page.js": 'const a = "</script>";\n' },
  "a comment of HTML": { "page.js": 'const a = "<!--";\n' },
};

for (const [what, modules] of Object.entries(refused))
  test(`refused: ${what}`, () => {
    const { status, error } = joined(modules);
    assert.notEqual(status, 0);
    assert.match(error, /^html-page: /);
  });

test("refused: a template without a mark, or with them in another order", () => {
  for (const html of [TEMPLATE.replace("{{head}}", ""), TEMPLATE.replace("{{head}}{{table}}", "{{table}}{{head}}")])
    assert.notEqual(joined({ "page.js": "result.value = 1;\n" }, { html }).status, 0);
});

test("the header is the same each time, and has the whole page", () => {
  const header = () => spawnSync(SCRIPT, ["--header"], { encoding: "utf8" }).stdout;
  const first = header();
  assert.equal(header(), first);
  const css = readFileSync(new URL("../../user/output/html/page.css", import.meta.url), "utf8");
  const lines = css.trimEnd().split("\n").map((line) => line.replace(/[\\"]/g, "\\$&").replace(/\t/g, "\\t"));
  assert.ok(lines.every((line) => first.includes(line)));
});
