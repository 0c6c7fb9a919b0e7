// Builds gateway/static/vendor from the pinned npm packages: design system, theme, web components, htmx and the font.
// Plain Node, so that a fresh machine needs `npm ci && npm run build` and no bundler.
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const here = dirname(fileURLToPath(import.meta.url));
const gateway = dirname(here);
const modules = join(gateway, "node_modules");
const vendor = join(gateway, "static", "vendor");

// What a Norwegian public page writes: Latin with Nordic and Sámi letters (North, Lule and South Sámi, Kven),
// other European names, punctuation, arrows and the marks used in minutes.
const letters = [
  range(0x20, 0x7e), range(0xa0, 0x17f), range(0x1e4, 0x1e9), range(0x1ee, 0x1ef), range(0x218, 0x21b), "ƷʒǤǥǦǧǨǩ",
  "–—‘’‚“”„•…‰‹›€−×÷←→↑↓✓ẞ\u02bc\u2011\u202f\u2212",
].join("");

/** All characters from one code point to another, both included. */
function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, step) => String.fromCodePoint(from + step)).join("");
}

/** The folder of an installed package. */
function packageFolder(name) {
  return join(modules, ...name.split("/"));
}

/** The theme style sheet, made from assets/designsystemet.config.json by the design system's own tool. */
async function buildTheme() {
  const work = await mkdtemp(join(tmpdir(), "stafett-theme-"));
  try {
    const config = JSON.parse(await readFile(join(here, "designsystemet.config.json"), "utf8"));
    config.outDir = join(work, "tokens");
    await writeFile(join(work, "config.json"), JSON.stringify(config));
    const meta = JSON.parse(await readFile(join(packageFolder("@digdir/designsystemet"), "package.json"), "utf8"));
    const tool = join(packageFolder("@digdir/designsystemet"), typeof meta.bin === "string" ? meta.bin : Object.values(meta.bin)[0]);
    const run = (...args) => execFileSync(process.execPath, [tool, ...args], { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
    run("tokens", "create", "--config", "config.json", "--clean");
    run("tokens", "build", "--tokens", config.outDir, "--out-dir", join(work, "built"), "--config", "config.json");
    const css = (await readdir(join(work, "built"))).find((name) => name === "stafett.css");
    if (!css) throw new Error("The theme tool wrote no stafett.css");
    await cp(join(work, "built", css), join(vendor, "theme.css"));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The variable font, cut down to the letters above; weight stays variable, the optical axis is fixed for text. */
async function buildFont() {
  const source = await readFile(join(packageFolder("inter-ui"), "variable", "InterVariable.woff2"));
  const font = await subsetFont(source, letters, {
    targetFormat: "woff2",
    variationAxes: { opsz: 14 },
  });
  await writeFile(join(vendor, "inter.woff2"), font);
}

await rm(vendor, { recursive: true, force: true });
await mkdir(join(vendor, "licences"), { recursive: true });
await cp(join(packageFolder("@digdir/designsystemet-css"), "dist", "src", "index.css"), join(vendor, "designsystemet.css"));
await cp(join(packageFolder("@digdir/designsystemet-web"), "dist", "umd", "index.js"), join(vendor, "designsystemet.js"));
await cp(join(packageFolder("htmx.org"), "dist", "htmx.min.js"), join(vendor, "htmx.js"));
await Promise.all([buildTheme(), buildFont()]);
for (const name of ["@digdir/designsystemet-css", "@digdir/designsystemet-web", "htmx.org", "inter-ui"]) {
  const files = await readdir(packageFolder(name));
  const licence = files.find((file) => /^licen[cs]e/i.test(file));
  if (licence) await cp(join(packageFolder(name), licence), join(vendor, "licences", `${name.split("/").pop()}.txt`));
}
console.log("Front-end parts are in static/vendor");
