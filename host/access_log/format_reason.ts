/** What the config door is told of format strings: whether they compile, and if not, why. */

import { FormatError } from "./format_text.ts";
import { compileText } from "./formatter.ts";

/** Undefined: the format compiles. */
export function formatReason(format: string): string | undefined {
  try {
    compileText(format, false);
    return undefined;
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}
