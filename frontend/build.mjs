// Builds what pages are drawn and moved with: frontend/ and node_modules/ in, static/build/ out.
import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import * as esbuild from "esbuild";

const OUT = "static/build";
const ZIPPED = new Set([".js", ".css", ".svg"]);

const common = {
  bundle: true,
  minify: true,
  outdir: OUT,
  legalComments: "linked",
  logLevel: "warning",
  // Their names carry a hash of what is in them, so browsers may keep them for ever (config/static_files.py).
  assetNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  loader: { ".woff2": "file" },
};
const kinds = [
  // Runs before the page is drawn, so that nothing flashes: no module.
  { ...common, entryPoints: ["frontend/theme.js"], format: "iife", target: "es2022" },
  { ...common, entryPoints: ["frontend/app.js"], format: "esm", splitting: true, target: "es2022" },
  { ...common, entryPoints: ["frontend/styles/app.css", "frontend/styles/admin.css", "frontend/styles/superusers.css"], outbase: "frontend/styles" },
];

async function zip(name) {
  const path = join(OUT, name);
  await pipeline(createReadStream(path), createGzip({ level: 9 }), createWriteStream(`${path}.gz`));
}

await rm(OUT, { recursive: true, force: true });
if (process.argv.includes("--watch")) {
  for (const kind of kinds) await (await esbuild.context({ ...kind, minify: false })).watch();
} else {
  await Promise.all(kinds.map((kind) => esbuild.build(kind)));
  const names = await readdir(OUT);
  await Promise.all(names.filter((name) => ZIPPED.has(extname(name))).map(zip));
}
