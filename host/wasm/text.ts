/**
 * Text in and out of core memory. On the wire a byte is a byte: header text is latin1 here, one character for each byte, so that what came in goes out
 * unchanged. Text of an operator (configs are UTF-8) passes `utf8AsLatin1` once, at the config door.
 */

/** A run of memory as a latin1 string. */
export function readLatin1(memory: Buffer, address: number, length: number): string {
  if (length === 0) return "";
  return memory.toString("latin1", address, address + length);
}

/**
 * Writes a latin1 string; its length, or -1 when it is longer than `room` or holds a character above 0xff (which is no byte; cutting it down could
 * make a line break out of a letter).
 */
export function writeLatin1(memory: Buffer, address: number, text: string, room: number): number {
  const length = text.length;
  if (length > room) return -1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return -1;
    memory[address + i] = code;
  }
  return length;
}

/** A string whose characters are the bytes of the text in UTF-8. */
export function utf8AsLatin1(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** The text that latin1 bytes mean when they are read as UTF-8; what is no UTF-8 becomes U+FFFD. */
export function latin1AsUtf8(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "latin1").toString("utf8");
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
