/** Base64 (RFC 4648 4) in pieces that end anywhere. Whoever pads begins anew: padded runs may follow each other. */

const NOTHING = new Uint8Array(0);

export class Base64Decoder {
  /** Less than four characters. */
  private carry = "";

  /** Nothing is begun that wants more. */
  get isBetween(): boolean {
    return this.carry === "";
  }

  /** Null: that is no base64, or not in its one canonical form. */
  push(bytes: Uint8Array): Uint8Array | null {
    let text = this.carry + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const whole = text.length - (text.length % 4);
    this.carry = text.slice(whole);
    text = text.slice(0, whole);
    const runs: Uint8Array[] = [];
    for (let from = 0; from < text.length; ) {
      const padded = text.indexOf("=", from);
      // A run ends with the group of four that has padding.
      const to = padded < 0 ? text.length : padded - (padded % 4) + 4;
      const run = text.slice(from, to);
      const decoded = Buffer.from(run, "base64");
      if (decoded.toString("base64") !== run) return null;
      runs.push(decoded);
      from = to;
    }
    return runs.length === 1 ? (runs[0] as Uint8Array) : Buffer.concat(runs);
  }
}

export class Base64Encoder {
  /** Less than three bytes. */
  private carry: Uint8Array = NOTHING;

  push(bytes: Uint8Array): Uint8Array {
    const all = Buffer.concat([this.carry, bytes]);
    const whole = all.length - (all.length % 3);
    this.carry = all.subarray(whole);
    return Buffer.from(all.toString("base64", 0, whole), "latin1");
  }

  /** The end of a run: what is left, padded. */
  finish(): Uint8Array {
    const last = Buffer.from(Buffer.from(this.carry).toString("base64"), "latin1");
    this.carry = NOTHING;
    return last;
  }
}
