/** Writes `docs/guide/compatibility.md`: `node scripts/descriptors/write_compatibility.mjs`, after `npm run build`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compatibilityText } from "./compatibility.ts";

const page = join(dirname(fileURLToPath(import.meta.url)), "../../docs/guide/compatibility.md");
mkdirSync(dirname(page), { recursive: true });
writeFileSync(page, compatibilityText());
